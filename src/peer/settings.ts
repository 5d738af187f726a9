import type { Strategy } from './strategy.ts'

export const DEFAULT_MAX_CONNECTIONS = 100
export const DEFAULT_IDLE_SECONDS = 60
export const DEFAULT_MAX_TRANSFERS = 50

/** What the user chooses about this peer, from the editor's settings or the command line. */
export interface PeerSettings {
  /** IP addresses to listen on; empty means all interfaces. What is announced follows it. */
  hosts: string[]
  /** TCP port to listen on; 0 means one that is drawn once and kept with the data folder. */
  port: number
  /** Name of the ring; `public` when absent. */
  ring?: string
  /** Looks for peers of the same ring on the local network (mDNS). */
  lanDiscovery: boolean
  /** Absolute path of the folder that finished videos are written to. */
  downloadFolder: string
  /** Chunk payload that may be sent, bytes per second; 0 means no limit. */
  uploadLimit: number
  /** Chunk payload that may be received, bytes per second; 0 means no limit. */
  downloadLimit: number
  /** Ciphertext that is kept of videos which are watched without being saved, in bytes; 4 GiB when absent. */
  cacheQuota?: number
  /** Whether this peer stays: a peer that does not stay is a client of the ring and never a member. */
  stay: boolean
  /** Carries traffic for peers that cannot be dialled, within generous limits. */
  relay?: boolean
  /** Connections open at once, in both directions. */
  maxConnections?: number
  /** A connection without a conversation for so many seconds is closed. */
  idleSeconds?: number
  /** Chunks that are sent at once, to all peers together. */
  maxTransfers?: number
  /** Policies to measure instead of the default ones. Not for users. */
  strategy?: Strategy
}
