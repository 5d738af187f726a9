import type { Digest } from '../api.ts'

/** Ciphertext kept for the next holder that asks for the same chunk, over all videos. */
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024

/** The sealed chunks that were asked for last. What is in it has passed its leaf, so it may be sent as it is. */
export class SealedCache {
  readonly #maxBytes: number
  readonly #chunks = new Map<string, Uint8Array>()
  readonly #sealing = new Map<string, Promise<Uint8Array>>()
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

  /**
   * The chunk if it is kept, else what `seal` gives, which is then kept. Who asks for a chunk that is just being sealed waits for
   * that one, so that a hot chunk is sealed once however many receivers there are.
   * @throws what `seal` throws
   */
  getOrSeal(digest: Digest, index: number, seal: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const kept = this.get(digest, index)
    if (kept) return Promise.resolve(kept)
    const key = keyOf(digest, index)
    const underWay = this.#sealing.get(key)
    if (underWay) return underWay
    const sealing = this.#seal(digest, index, seal).finally(() => this.#sealing.delete(key))
    this.#sealing.set(key, sealing)
    return sealing
  }

  async #seal(digest: Digest, index: number, seal: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const sealed = await seal()
    this.set(digest, index, sealed)
    return sealed
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
