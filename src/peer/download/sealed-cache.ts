import type { Digest } from '../api.ts'

/** Ciphertext kept for the next holder that asks for the same chunk, over all videos. */
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024

/** Chunks that were sealed lately, whose number is remembered to notice when one is asked for again. */
const MAX_REMEMBERED = 1024
/** A video of which a chunk was asked for again is hot for so many chunks more. */
const HOT_CHUNKS = 256

/**
 * The sealed chunks that were asked for last, of videos that several peers fetch. What is in it has passed its leaf, so it may be
 * sent as it is. With one receiver nothing is kept: memory that waits in a cache grows old, and freeing it takes the collections that
 * stop everything.
 */
export class SealedCache {
  readonly #maxBytes: number
  readonly #chunks = new Map<string, Uint8Array>()
  readonly #sealing = new Map<string, Promise<Uint8Array>>()
  readonly #remembered = new Set<string>()
  readonly #heat = new Map<Digest, number>()
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
   * The chunk if it is kept, else what `seal` gives. Who asks for a chunk that is just being sealed waits for that one, so that a hot
   * chunk is sealed once however many receivers there are.
   * @throws what `seal` throws
   */
  getOrSeal(digest: Digest, index: number, seal: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const key = keyOf(digest, index)
    const underWay = this.#sealing.get(key)
    const kept = this.get(digest, index)
    if (kept || underWay || this.#remembered.has(key)) this.#heat.set(digest, HOT_CHUNKS)
    if (kept) return Promise.resolve(kept)
    if (underWay) return underWay
    const sealing = this.#seal(digest, index, seal).finally(() => this.#sealing.delete(key))
    this.#sealing.set(key, sealing)
    return sealing
  }

  async #seal(digest: Digest, index: number, seal: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const sealed = await seal()
    this.#remember(keyOf(digest, index))
    const heat = this.#heat.get(digest) ?? 0
    if (heat > 0) this.set(digest, index, sealed)
    if (heat > 1) this.#heat.set(digest, heat - 1)
    else this.#heat.delete(digest)
    return sealed
  }

  #remember(key: string): void {
    this.#remembered.add(key)
    const [oldest] = this.#remembered
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest)
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
