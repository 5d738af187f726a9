import type { PeerSettings } from '../../peer/settings.ts'
import { resolveDownloadFolder } from './download-folder.ts'

/** The settings of the editor that concern the peer, as they are written. */
export interface RawSettings {
  host: string[]
  port: number
  ring: string
  lanDiscovery: boolean
  downloadFolder: string
  /** KiB/s, 0 is no limit. */
  uploadLimit: number
  /** KiB/s, 0 is no limit. */
  downloadLimit: number
  /** MiB. */
  cacheQuota: number
  maxConnections: number
  /** Seconds. */
  idleTimeout: number
  maxTransfers: number
}

/** The peer's settings from the editor's. An editor's peer stays in its ring. */
export function toPeerSettings(raw: RawSettings, home: string): PeerSettings {
  const ring = raw.ring.trim()
  return {
    hosts: cleanList(raw.host),
    port: raw.port,
    ...(ring === '' ? {} : { ring }),
    lanDiscovery: raw.lanDiscovery,
    downloadFolder: resolveDownloadFolder(raw.downloadFolder, home),
    uploadLimit: raw.uploadLimit * 1024,
    downloadLimit: raw.downloadLimit * 1024,
    cacheQuota: raw.cacheQuota * 1024 ** 2,
    maxConnections: raw.maxConnections,
    idleSeconds: raw.idleTimeout,
    maxTransfers: raw.maxTransfers,
    stay: true
  }
}

/** Entries of a list setting without blanks and empty lines. */
export function cleanList(entries: readonly string[]): string[] {
  return entries.map(entry => entry.trim()).filter(entry => entry !== '')
}
