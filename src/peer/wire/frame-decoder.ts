import { PeerError } from '../errors.ts'
import { LENGTH_PREFIX_BYTES } from './frame-codec.ts'

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
   * The next complete body, or undefined until more bytes come.
   * @throws PeerError FRAME_TOO_LARGE as soon as the prefix says so, before the body arrives
   */
  next(): Uint8Array | undefined {
    if (this.#buffered < LENGTH_PREFIX_BYTES) return undefined
    const prefix = this.#peek(LENGTH_PREFIX_BYTES)
    const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(0)
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

  #peek(length: number): Uint8Array {
    const first = this.#pieces[0]
    if (first && first.length >= length) return first.subarray(0, length)
    const taken = this.#take(length)
    this.#pieces.unshift(taken)
    this.#buffered += length
    return taken
  }

  #take(length: number): Uint8Array {
    this.#buffered -= length
    const first = this.#pieces[0]
    if (first && first.length > length) {
      this.#pieces[0] = first.subarray(length)
      return first.subarray(0, length)
    }
    return this.#gather(length)
  }

  // A frame that spans several reads is copied once into one buffer.
  #gather(length: number): Uint8Array {
    // Every byte of it is overwritten below.
    const whole = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
    let filled = 0
    let used = 0
    for (const piece of this.#pieces) {
      if (filled === length) break
      const part = piece.subarray(0, length - filled)
      whole.set(part, filled)
      filled += part.length
      if (part.length < piece.length) {
        this.#pieces[used] = piece.subarray(part.length)
        break
      }
      used++
    }
    this.#pieces.splice(0, used)
    return whole
  }
}
