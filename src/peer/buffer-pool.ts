/** Buffers that are used again: fresh memory costs page faults, and its garbage brings collections about. */
export class BufferPool {
  readonly #maxBuffers: number
  #length = 0
  #free: Buffer<ArrayBuffer>[] = []

  /** @param maxBuffers kept for later at most */
  constructor(maxBuffers: number) {
    this.#maxBuffers = maxBuffers
  }

  /** A buffer of `length` bytes with whatever was in it. Nobody else sees it until it is given back. */
  take(length: number): Buffer<ArrayBuffer> {
    if (length > this.#length) {
      this.#length = length
      this.#free = []
    }
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#length)
    return buffer.subarray(0, length)
  }

  /** Gives back what `take` gave, once nobody looks at it any more. */
  give(bytes: Uint8Array): void {
    const { buffer } = bytes
    if (!(buffer instanceof ArrayBuffer) || buffer.detached) return
    if (buffer.byteLength === this.#length && this.#free.length < this.#maxBuffers) {
      this.#free.push(Buffer.from(buffer))
    } else freeMemory(new Uint8Array(buffer))
  }
}

/**
 * Gives memory back now instead of at some garbage collection, for which large buffers wait longest. Whoever still looks at these
 * bytes sees none: only for memory that nobody else can see. Views of something larger are left alone.
 */
export function freeMemory(bytes: Uint8Array): void {
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength) buffer.transfer(0)
}
