import type { PeerSettings } from '../../../src/peer/settings.ts'

export const TEST_SETTINGS: PeerSettings = {
  hosts: ['127.0.0.1'],
  port: 0,
  lanDiscovery: false,
  downloadFolder: '/downloads',
  uploadLimit: 0,
  downloadLimit: 0,
  stay: true
}
