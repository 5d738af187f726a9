import type { HaveSource } from './have-reporter.ts'

/** A video as this peer serves it: shared, downloaded, mirrored, or still arriving. */
export interface ServedVideo extends HaveSource {
  /** See `deriveIdKeys`. */
  readonly proofKey: Uint8Array
  /** The exact bytes of the manifest. */
  readonly manifest: Uint8Array
  /** Concatenated leaves, verified against the manifest's root. */
  readonly leaves: Uint8Array
  /**
   * Ciphertext and tag of one chunk that this peer has.
   * @throws PeerError FILE_CHANGED when it no longer hashes to its leaf: such a chunk is never sent
   */
  readSealed(index: number, signal: AbortSignal): Promise<Uint8Array>
}
