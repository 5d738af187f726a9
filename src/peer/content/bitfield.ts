import { PeerError } from '../errors.ts'

/** Half-open range of indices: from the first number up to and without the second. */
export type IndexRange = readonly [start: number, end: number]

/** A set of chunk indices below `length`, one bit each. */
export class Bitfield {
  /** Number of chunks of the video. */
  readonly length: number
  readonly #bytes: Uint8Array
  #size = 0

  constructor(length: number) {
    this.length = length
    this.#bytes = new Uint8Array(Math.ceil(length / 8))
  }

  /** All indices below `length`. */
  static full(length: number): Bitfield {
    return Bitfield.fromRanges(length, length === 0 ? [] : [[0, length]])
  }

  /**
   * Reads `toBytes`.
   * @throws PeerError PROTOCOL_VIOLATION when the length is wrong or a bit beyond `length` is set
   */
  static fromBytes(length: number, bytes: Uint8Array): Bitfield {
    const bitfield = new Bitfield(length)
    if (bytes.length !== bitfield.#bytes.length) throw invalidSet('a set of chunks of a wrong length')
    const spare = length % 8 === 0 ? 0 : 0xff >> (length % 8)
    if (((bytes.at(-1) ?? 0) & spare) !== 0) throw invalidSet('a chunk that does not exist')
    bitfield.#bytes.set(bytes)
    for (const byte of bytes) bitfield.#size += onesIn(byte)
    return bitfield
  }

  /**
   * Reads `toRanges`.
   * @throws PeerError PROTOCOL_VIOLATION unless ranges are in order, apart, not empty and below `length`
   */
  static fromRanges(length: number, ranges: readonly IndexRange[]): Bitfield {
    const bitfield = new Bitfield(length)
    let previous = -1
    for (const [start, end] of ranges) {
      const isOrdered = Number.isInteger(start) && Number.isInteger(end) && start > previous && end > start
      if (!isOrdered || end > length) throw invalidSet('ranges of chunks that make no sense')
      for (let index = start; index < end; index++) bitfield.add(index)
      previous = end
    }
    return bitfield
  }

  /** How many indices are in the set. */
  get size(): number {
    return this.#size
  }

  /** Whether every index is in the set. */
  get isFull(): boolean {
    return this.#size === this.length
  }

  has(index: number): boolean {
    return ((this.#bytes[index >> 3] ?? 0) & maskOf(index)) !== 0
  }

  /** True if it was not in the set before. An index out of bounds is a mistake of ours: RangeError. */
  add(index: number): boolean {
    this.#requireInside(index)
    if (this.has(index)) return false
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) | maskOf(index)
    this.#size++
    return true
  }

  /** True if it was in the set before. */
  delete(index: number): boolean {
    this.#requireInside(index)
    if (!this.has(index)) return false
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) & ~maskOf(index)
    this.#size--
    return true
  }

  /** Indices in the set, ascending. */
  *[Symbol.iterator](): Generator<number> {
    for (let index = 0; index < this.length; index++) if (this.has(index)) yield index
  }

  /** Indices not in the set, ascending, from `start` up to and without `end`. */
  *missing(start = 0, end = this.length): Generator<number> {
    const last = Math.min(end, this.length)
    for (let index = Math.max(0, start); index < last; index++) if (!this.has(index)) yield index
  }

  /** What is in both. */
  and(other: Bitfield): Bitfield {
    return this.#combine(other, (own, theirs) => own & theirs)
  }

  /** What is here and not in `other`. */
  without(other: Bitfield): Bitfield {
    return this.#combine(other, (own, theirs) => own & ~theirs)
  }

  /** One bit a chunk, the first in the highest bit of the first byte; spare bits are 0. */
  toBytes(): Uint8Array {
    return this.#bytes.slice()
  }

  /**
   * The set as ranges, ascending. Where there are more than `limit`, the longest are kept: a record may understate what a
   * holder has, the bitfield that peers exchange does not.
   */
  toRanges(limit = Number.POSITIVE_INFINITY): IndexRange[] {
    const ranges = this.#allRanges()
    if (ranges.length <= limit) return ranges
    const longest = [...ranges].sort((a, b) => b[1] - b[0] - (a[1] - a[0])).slice(0, limit)
    return longest.sort((a, b) => a[0] - b[0])
  }

  #allRanges(): IndexRange[] {
    const ranges: IndexRange[] = []
    let start = -1
    for (let index = 0; index <= this.length; index++) {
      const isHere = this.has(index)
      if (isHere && start < 0) start = index
      if (!isHere && start >= 0) {
        ranges.push([start, index])
        start = -1
      }
    }
    return ranges
  }

  #combine(other: Bitfield, combine: (own: number, theirs: number) => number): Bitfield {
    if (other.length !== this.length) throw new RangeError('Two sets of chunks of different videos.')
    const bytes = this.#bytes.map((byte, at) => combine(byte, other.#bytes[at] ?? 0))
    return Bitfield.fromBytes(this.length, bytes)
  }

  #requireInside(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new RangeError(`Chunk ${index} is not one of ${this.length}.`)
    }
  }
}

function maskOf(index: number): number {
  return 0x80 >> (index & 7)
}

function onesIn(byte: number): number {
  let count = 0
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++
  return count
}

function invalidSet(what: string): PeerError {
  return new PeerError('PROTOCOL_VIOLATION', `A peer announced ${what}. It is left out.`)
}
