import type { Bitfield } from '../content/bitfield.ts'
import type { ChunkSecrets, ChunkStore } from './chunk-store.ts'
import type { FinishedFile } from './unfinished-video.ts'

/** Where a download keeps what it has verified: a file that is to be finished, or ciphertext that never is. */
export interface DownloadStore extends ChunkStore {
  readonly secrets: ChunkSecrets
  /** Chunks that an earlier run is said to have left and that are not verified yet. */
  readonly unverified: Bitfield
  /** Bytes that may be fetched beyond what players need. */
  readonly spareBytes: number
  /** @throws the signal's reason; PeerError DISK_FULL, FOLDER_UNWRITABLE */
  recheck(signal: AbortSignal): Promise<void>
  /**
   * Keeps one verified chunk.
   * @throws PeerError DISK_FULL, FOLDER_UNWRITABLE
   */
  keep(index: number, plaintext: Uint8Array, sealed: Uint8Array): Promise<void>
  /** Makes the whole file durable and puts it in its place; absent of a store that is no file. */
  finish?(): Promise<FinishedFile>
  flush(): Promise<void>
  /** Lets go of the files; they stay for the next run. */
  close(): Promise<void>
  /** Deletes what has arrived. A finished file stays. */
  discard(): Promise<void>
}
