import type { PeerApi } from '../api.ts'
import type { Keystore } from '../identity/keystore.ts'
import type { DataFolder } from '../library/data-folder.ts'
import type { LogLine } from '../log.ts'
import type { PeerSettings } from '../settings.ts'

/** What a peer is made of, once its process owns the data folder. */
export interface PeerInit {
  folder: DataFolder
  /** Closed by whoever opened it, after the peer is closed. */
  keystore: Keystore
  settings: PeerSettings
  log: (line: LogLine) => void
}

/** How to stop a peer. */
export interface CloseOptions {
  /** An heir waits for port and files, and stands in the ring under the same identity next. */
  hurry: boolean
}

/** The engine in this process. */
export interface RunningPeer extends PeerApi {
  /**
   * Stops everything and lets go of port and files. Transfers are not forgotten: whoever opens the folder next carries on from
   * the library and the journals. With `hurry`, since an heir waits, within 500 ms; else the ring is told good-bye first, which
   * takes as long as that has to.
   */
  close(options?: CloseOptions): Promise<void>
}

/** Makes a peer that is not joined yet. Rejects with a `PeerError`. */
export type PeerFactory = (init: PeerInit) => Promise<RunningPeer>
