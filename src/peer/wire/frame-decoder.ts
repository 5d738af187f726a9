import { PeerError } from '../errors.ts'
import { LENGTH_PREFIX_BYTES } from './frame-codec.ts'

const NO_PIECES: readonly Uint8Array[] = []

/** Cuts a byte stream into frame bodies. Holds at most one incomplete frame plus what was pushed and not taken. */
export class FrameDecoder {
  readonly #maxFrameBytes: number
  #pieces: Uint8Array[] = []
  #buffered = 0

  /** @param maxFrameBytes largest body accepted */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Bytes pushed and not yet taken. */
  get bufferedBytes(): number {
    return this.#buffered
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#pieces.push(bytes)
    this.#buffered += bytes.length
  }

  /**
   * The next complete body in the pieces in which it came, or undefined until more bytes come.
   * @throws PeerError FRAME_TOO_LARGE as soon as the prefix says so, before the body arrives
   */
  next(): readonly Uint8Array[] | undefined {
    if (this.#buffered < LENGTH_PREFIX_BYTES) return undefined
    const length = this.#peekLength()
    if (length > this.#maxFrameBytes) {
      throw new PeerError(
        'FRAME_TOO_LARGE',
        `A peer sent a message of ${length} bytes, which is over the limit.`
      )
    }
    if (this.#buffered < LENGTH_PREFIX_BYTES + length) return undefined
    this.#take(LENGTH_PREFIX_BYTES)
    return this.#take(length)
  }

  #peekLength(): number {
    let length = 0
    let left = LENGTH_PREFIX_BYTES
    for (const piece of this.#pieces) {
      for (const byte of piece.subarray(0, left)) {
        length = length * 256 + byte
        left--
      }
      if (left === 0) break
    }
    return length
  }

  #take(length: number): readonly Uint8Array[] {
    if (length === 0) return NO_PIECES
    this.#buffered -= length
    const taken: Uint8Array[] = []
    let left = length
    let used = 0
    for (const piece of this.#pieces) {
      if (left < piece.length) {
        if (left > 0) taken.push(piece.subarray(0, left))
        this.#pieces[used] = piece.subarray(left)
        break
      }
      taken.push(piece)
      left -= piece.length
      used++
    }
    this.#pieces.splice(0, used)
    return taken
  }
}
