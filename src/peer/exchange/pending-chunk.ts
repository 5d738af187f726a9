import { PeerError } from '../errors.ts'
import type { SliceMessage } from './chunk-messages.ts'

/** One chunk that is being put together from its slices, in one buffer. */
export class PendingChunk {
  readonly #sealedLength: number
  readonly #allocate: (bytes: number) => Uint8Array
  #sealed: Uint8Array | undefined
  #received = 0

  /**
   * @param sealedLength bytes of ciphertext and tag, as the manifest tells
   * @param allocate memory for so many bytes, whatever is in it
   */
  constructor(sealedLength: number, allocate: (bytes: number) => Uint8Array) {
    this.#sealedLength = sealedLength
    this.#allocate = allocate
  }

  /** Bytes received. */
  get received(): number {
    return this.#received
  }

  /**
   * Takes in the next slice; returns the sealed chunk once it is complete.
   * @throws PeerError CHUNK_INVALID for a slice that is out of order, empty, or makes the chunk too short or too long
   */
  add({ offset, data, last }: SliceMessage): Uint8Array | undefined {
    const end = offset + data.length
    const isComplete = end === this.#sealedLength
    if (offset !== this.#received || data.length === 0 || end > this.#sealedLength) throw invalid()
    if ((last ?? false) !== isComplete) throw invalid()
    this.#sealed ??= this.#allocate(this.#sealedLength)
    this.#copy(this.#sealed, data, offset)
    this.#received = end
    return isComplete ? this.#sealed : undefined
  }

  #copy(sealed: Uint8Array, data: SliceMessage['data'], offset: number): void {
    if (data instanceof Uint8Array) {
      sealed.set(data, offset)
      return
    }
    let at = offset
    for (const piece of data) {
      sealed.set(piece, at)
      at += piece.length
    }
  }
}

function invalid(): PeerError {
  return new PeerError('CHUNK_INVALID', 'A peer sent a chunk of a wrong length. It is fetched from another.')
}
