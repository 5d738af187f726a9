import { openPeer } from '../../../src/peer/control/open-peer.ts'
import { FileSealStore } from '../../../src/peer/identity/seal-store.ts'
import { FakePeer } from './fake-peer.ts'
import { TEST_SETTINGS } from './test-settings.ts'

// A child process that opens the peer of a folder as a window does, tells its parent its role and its peer's calls, and holds on.
const [dataFolder = ''] = process.argv.slice(2)

class ReportingPeer extends FakePeer {
  override async join(...values: Parameters<FakePeer['join']>): ReturnType<FakePeer['join']> {
    process.send?.(`join ${values[0].join()}`)
    return await super.join(...values)
  }
}

const opened = await openPeer({
  dataFolder,
  sealStore: new FileSealStore(dataFolder),
  settings: TEST_SETTINGS,
  log: () => undefined,
  createPeer: async ({ keystore }) => {
    process.send?.('owner')
    return new ReportingPeer(keystore.identity.peerId.toString())
  }
})
process.once('disconnect', () => process.exit())
process.on('message', message => {
  const run = message === 'close' ? opened.close() : opened.api.join(['127.0.0.1:4001'])
  run.catch(error => console.error(error))
})
process.send?.(`open ${opened.role()}`)
