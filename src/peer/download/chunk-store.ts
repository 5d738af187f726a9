import type { Bitfield } from '../content/bitfield.ts'
import type { ChunkCipher } from '../content/chunk-cipher.ts'
import type { ChunkTags } from '../content/chunk-tags.ts'
import type { Unsubscribe } from '../event-emitter.ts'

/** Where the chunks of one video are: an unfinished file, a finished one, a shared source. */
export interface ChunkStore {
  /** Chunks that can be read. Shrinks when the file turns out to have changed. */
  readonly have: Bitfield
  /** Calls `listener` with the index of each chunk that is gained. */
  onHave(listener: (index: number) => void): Unsubscribe
  /**
   * Plaintext of one chunk, for a player.
   * @throws PeerError FILE_CHANGED, FILE_MISSING, FILE_UNREADABLE
   */
  readPlain(index: number, signal: AbortSignal): Promise<Uint8Array>
  /**
   * Ciphertext and tag of one chunk, for another peer. Its hash is the manifest's leaf, or it throws.
   * @throws PeerError FILE_CHANGED, FILE_MISSING, FILE_UNREADABLE
   */
  readSealed(index: number, signal: AbortSignal): Promise<Uint8Array>
}

/** What an unlocked video's chunks are made and checked with. */
export interface ChunkSecrets {
  readonly cipher: ChunkCipher
  /** Concatenated leaves, verified against the manifest's root. */
  readonly leaves: Uint8Array
  /** Of chunks that were sealed or verified in this run. */
  readonly tags: ChunkTags
}
