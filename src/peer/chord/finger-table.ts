import { FINGER_CANDIDATES, RING_BITS } from './constants.ts'
import type { Contact } from './contact.ts'
import { distance, intervalOf, type RingPosition } from './ring-position.ts'

interface Finger {
  contact: Contact
  /** Clockwise distance from this peer. */
  span: bigint
  /** Milliseconds; undefined until it answered us. */
  roundTrip: number | undefined
}

/** The candidates of one interval, farthest first. */
interface Interval {
  exponent: number
  fingers: Finger[]
}

/**
 * Shortcuts across the ring: up to `candidates` peers for each interval [self + 2^i, self + 2^(i+1)). Only speed depends
 * on it, never correctness.
 */
export class FingerTable {
  readonly #self: RingPosition
  readonly #capacity: number
  /** Those in use, farthest first: about log2 N of the 256. */
  #intervals: Interval[] = []

  constructor(self: RingPosition, candidates: number = FINGER_CANDIDATES) {
    this.#self = self
    this.#capacity = candidates
  }

  /** Remembers a peer. With a round-trip time it has answered; without, others named it. */
  learn(contact: Contact, roundTrip?: number): void {
    if (contact.position === this.#self) return
    const span = distance(this.#self, contact.position)
    const { fingers } = this.#intervalAt(intervalOf(span))
    const known = fingers.find(finger => finger.contact.peerId === contact.peerId)
    if (known) refresh(known, contact, roundTrip)
    else if (fingers.length < this.#capacity) insert(fingers, { contact, span, roundTrip })
    else replaceWorst(fingers, { contact, span, roundTrip })
  }

  remove(peerId: string): void {
    for (const { fingers } of this.#intervals) {
      const index = fingers.findIndex(finger => finger.contact.peerId === peerId)
      if (index >= 0) fingers.splice(index, 1)
    }
    this.#intervals = this.#intervals.filter(({ fingers }) => fingers.length > 0)
  }

  clear(): void {
    this.#intervals = []
  }

  /** One peer for each interval in use, nearest interval first: the one with the shortest round-trip time. */
  preferred(): Contact[] {
    return this.#intervals.toReversed().flatMap(({ fingers }) => swiftestOf(fingers)?.contact ?? [])
  }

  /** Candidates of all intervals together. */
  get size(): number {
    let size = 0
    for (const { fingers } of this.#intervals) size += fingers.length
    return size
  }

  /** Every candidate, in no order. */
  all(): Contact[] {
    return this.#intervals.flatMap(({ fingers }) => fingers.map(finger => finger.contact))
  }

  /**
   * Up to `count` peers strictly between this one and `key`, from the intervals nearest to the key. Within the best
   * interval the one with the shortest round-trip time goes first, then those nearest to the key.
   */
  closestPreceding(key: RingPosition, count: number): Contact[] {
    const span = distance(this.#self, key)
    const limit = span === 0n ? RING_BITS : intervalOf(span)
    const chosen: Contact[] = []
    let swiftest: Finger | undefined
    for (const { exponent, fingers } of this.#intervals) {
      if (exponent > limit) continue
      const preceding = exponent === limit ? fingers.filter(finger => finger.span < span) : fingers
      if (chosen.length === 0) swiftest = swiftestOf(preceding)
      for (const finger of preceding) if (chosen.length < count) chosen.push(finger.contact)
      if (chosen.length >= count) break
    }
    if (swiftest && !chosen.includes(swiftest.contact)) chosen[chosen.length - 1] = swiftest.contact
    return chosen
  }

  #intervalAt(exponent: number): Interval {
    let index = 0
    for (const interval of this.#intervals) {
      if (interval.exponent === exponent) return interval
      if (interval.exponent < exponent) break
      index++
    }
    const created: Interval = { exponent, fingers: [] }
    this.#intervals.splice(index, 0, created)
    return created
  }
}

function insert(fingers: Finger[], finger: Finger): void {
  const index = fingers.findIndex(other => other.span < finger.span)
  fingers.splice(index < 0 ? fingers.length : index, 0, finger)
}

function refresh(finger: Finger, contact: Contact, roundTrip: number | undefined): void {
  if (contact.addresses.length > 0) finger.contact = contact
  finger.roundTrip = roundTrip ?? finger.roundTrip
}

function replaceWorst(fingers: Finger[], candidate: Finger): void {
  let worst = candidate
  // Only one that is strictly slower gives way.
  for (const finger of fingers) if (millisecondsTo(finger) > millisecondsTo(worst)) worst = finger
  if (worst === candidate) return
  fingers.splice(fingers.indexOf(worst), 1)
  insert(fingers, candidate)
}

function swiftestOf(fingers: readonly Finger[]): Finger | undefined {
  let swiftest = fingers[0]
  for (const finger of fingers) {
    if (swiftest && millisecondsTo(finger) < millisecondsTo(swiftest)) swiftest = finger
  }
  return swiftest
}

function millisecondsTo(finger: Finger): number {
  return finger.roundTrip ?? Number.MAX_VALUE
}
