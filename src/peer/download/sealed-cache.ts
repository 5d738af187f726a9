import type { Digest } from '../api.ts'

/** Ciphertext kept for the next holder that asks for the same chunk, over all videos. */
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024

/** The sealed chunks that were asked for last. What is in it has passed its leaf, so it may be sent as it is. */
export class SealedCache {
  readonly #maxBytes: number
  readonly #chunks = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(maxBytes = DEFAULT_MAX_BYTES) {
    this.#maxBytes = maxBytes
  }

  get(digest: Digest, index: number): Uint8Array | undefined {
    const key = keyOf(digest, index)
    const chunk = this.#chunks.get(key)
    if (chunk) {
      this.#chunks.delete(key)
      this.#chunks.set(key, chunk)
    }
    return chunk
  }

  /** Keeps a chunk that matches its leaf; drops the least recently used ones to stay within the bound. */
  set(digest: Digest, index: number, sealed: Uint8Array): void {
    this.#delete(keyOf(digest, index))
    this.#chunks.set(keyOf(digest, index), sealed)
    this.#bytes += sealed.length
    while (this.#bytes > this.#maxBytes) {
      const [oldest] = this.#chunks.keys()
      if (oldest === undefined) return
      this.#delete(oldest)
    }
  }

  /** Drops all chunks of one video. */
  forget(digest: Digest): void {
    for (const key of [...this.#chunks.keys()]) if (key.startsWith(`${digest}/`)) this.#delete(key)
  }

  #delete(key: string): void {
    this.#bytes -= this.#chunks.get(key)?.length ?? 0
    this.#chunks.delete(key)
  }
}

function keyOf(digest: Digest, index: number): string {
  return `${digest}/${index}`
}
