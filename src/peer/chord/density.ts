import type { Contact } from './contact.ts'
import { distance, type RingPosition, shareOfRing } from './ring-position.ts'

/** Members whose lists are remembered, the latest of each. */
const MAX_OBSERVED = 32
/** Entries that a list must have to tell anything. */
const MIN_ENTRIES = 3
/** The median of a sum of k exponential gaps, in mean gaps, is k minus this. */
const MEDIAN_OF_GAPS = 1 / 3

/**
 * How densely the ring is populated, as the successor lists of several members tell it. The median, so that one list with
 * odd gaps, or a few members who lie, do not shift it.
 */
export class Density {
  readonly #self: string
  readonly #members = new Map<string, number>()
  #median: number | undefined

  /** @param self this peer: no other's word makes the ring sparser than its own list is */
  constructor(self: string) {
    this.#self = self
  }

  /** A member at `position` said that these follow it, nearest first. Not for lists that reach around the ring. */
  observe(peerId: string, position: RingPosition, successors: readonly Contact[]): void {
    const last = successors.at(-1)
    if (!last || successors.length < MIN_ENTRIES) return
    const share = shareOfRing(distance(position, last.position))
    if (share === 0) return
    this.#median = undefined
    this.#members.delete(peerId)
    this.#members.set(peerId, (successors.length - MEDIAN_OF_GAPS) / share)
    const oldest = this.#members.keys().next()
    if (this.#members.size > MAX_OBSERVED && !oldest.done) this.#members.delete(oldest.value)
  }

  forget(peerId: string): void {
    if (this.#members.delete(peerId)) this.#median = undefined
  }

  clear(): void {
    this.#members.clear()
    this.#median = undefined
  }

  /** Estimated members of the whole ring; undefined while nobody told. */
  get members(): number | undefined {
    if (this.#median === undefined && this.#members.size > 0) {
      const sorted = [...this.#members.values()].sort((a, b) => a - b)
      this.#median = sorted[sorted.length >> 1]
    }
    return this.#median
  }

  /**
   * Whether members may well be the first ones at or behind `key`: not so far from it that many others ought to stand
   * between (Castro et al. 2002, "Secure routing for structured peer-to-peer overlay networks", density test). A doubt costs
   * further questions, never the answer.
   */
  isPlausible(key: RingPosition, owners: readonly Contact[]): boolean {
    return this.#isWithin(key, owners, mostGaps)
  }

  /** The same, stricter: for those who have others to ask. */
  isLikely(key: RingPosition, owners: readonly Contact[]): boolean {
    return this.#isWithin(key, owners, likelyGaps)
  }

  #isWithin(key: RingPosition, owners: readonly Contact[], limit: (count: number) => number): boolean {
    const members = Math.max(this.members ?? 0, this.#members.get(this.#self) ?? 0)
    return owners.every((owner, index) => {
      const gaps = shareOfRing(distance(key, owner.position)) * members
      return gaps <= limit(index + 1)
    })
  }
}

// Mean plus about four deviations of a sum of `count` exponential gaps, and some for the estimate's own error.
function mostGaps(count: number): number {
  return count + 4 * Math.sqrt(count) + 5
}

// The same with about two deviations, and less for the error.
function likelyGaps(count: number): number {
  return count + 2 * Math.sqrt(count) + 2
}
