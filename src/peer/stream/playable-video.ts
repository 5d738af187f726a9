import type { Digest } from '../api.ts'

/** A video as a player sees it: plain bytes, here or still arriving. */
export interface PlayableVideo {
  readonly digest: Digest
  readonly byteLength: number
  /** Safe to create in a folder: see `safeFileName`. */
  readonly fileName: string
  /** What the first bytes show: a type that may be played, or `application/octet-stream`. Waits for the first chunk. */
  mimeType(signal: AbortSignal): Promise<string>
  /**
   * Plaintext bytes from `start` up to and without `end`, a chunk or less at a time. Raises what is missing and waits for it.
   * Ending the iteration releases what was raised.
   * @throws PeerError FILE_CHANGED, FILE_MISSING; the signal's reason
   */
  read(start: number, end: number, signal: AbortSignal): AsyncIterable<Uint8Array>
}
