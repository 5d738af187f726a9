import { TAG_LENGTH } from '../../../src/peer/content/chunk-cipher.ts'
import { type Geometry, geometryOf } from '../../../src/peer/content/geometry.ts'

/** Marks a chunk as right; anything else names the liar who made it. */
const RIGHT = 0

/**
 * A video of which only the first bytes of each chunk matter: they tell whether it is right. Encrypting and hashing would
 * cost the simulator most of its time, and show nothing.
 */
export class TokenVideo {
  readonly geometry: Geometry
  readonly #right: Buffer
  readonly #forged = new Map<number, Buffer>()

  constructor(bytes: number) {
    this.geometry = geometryOf(bytes)
    this.#right = Buffer.alloc(this.geometry.chunkSize + TAG_LENGTH)
  }

  /** Memory for chunks of one sender. */
  scratch(): Uint8Array {
    return Buffer.allocUnsafeSlow(this.#right.length)
  }

  /** A sealed chunk as an honest holder sends it. */
  sealed(length: number): Uint8Array {
    return this.#right.subarray(0, length)
  }

  /** The same from liar number `liar`, which is not 0. */
  forged(liar: number, length: number): Uint8Array {
    const known = this.#forged.get(liar)
    if (known) return known.subarray(0, length)
    const forged = Buffer.from(this.#right)
    forged.writeUInt32BE(liar)
    this.#forged.set(liar, forged)
    return forged.subarray(0, length)
  }

  /** The number of the liar who made this chunk; undefined if it is right. */
  liarOf(sealed: Uint8Array): number | undefined {
    const mark = Buffer.from(sealed.buffer, sealed.byteOffset, 4).readUInt32BE()
    return mark === RIGHT ? undefined : mark
  }
}
