import type { Bitfield } from '../content/bitfield.ts'
import type { ChunkSecrets, ChunkStore } from './chunk-store.ts'
import type { Playhead } from './playhead.ts'
import type { FinishedFile } from './unfinished-video.ts'

/** Where a download keeps what it has verified: a file that is to be finished, or ciphertext that never is. */
export interface DownloadStore extends ChunkStore {
  readonly secrets: ChunkSecrets
  /** Chunks that an earlier run is said to have left and that are not verified yet. */
  readonly unverified: Bitfield
  /** What is kept for one player ahead of it, in bytes. */
  readonly maxAheadBytes: number
  /** Bytes that may be fetched beyond what players need. */
  readonly spareBytes: number
  /** @throws the signal's reason; PeerError DISK_FULL, FOLDER_UNWRITABLE */
  recheck(signal: AbortSignal): Promise<void>
  /**
   * What is to be kept of a chunk that a holder sent; undefined if its hash is not the manifest's leaf.
   * @throws PeerError CHUNK_INVALID when the hash is right and decrypting fails: the owner made it so
   */
  accept(index: number, sealed: Uint8Array): Promise<Uint8Array | undefined>
  /**
   * Keeps what was accepted of one chunk. Nobody may look at these bytes afterwards.
   * @throws PeerError DISK_FULL, FOLDER_UNWRITABLE
   */
  keep(index: number, accepted: Uint8Array): Promise<void>
  /** Where the players are is known from now on. */
  follow(playhead: Playhead): void
  /** Makes the whole file durable and puts it in its place; absent of a store that is no file. */
  finish?(): Promise<FinishedFile>
  flush(): Promise<void>
  /** Lets go of the files; they stay for the next run. */
  close(): Promise<void>
  /** Deletes what has arrived. A finished file stays. */
  discard(): Promise<void>
}
