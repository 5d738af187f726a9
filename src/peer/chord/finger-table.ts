import { FINGER_CANDIDATES } from './constants.ts'
import type { Contact } from './contact.ts'
import { distance, intervalOf, isBetween, type RingPosition } from './ring-position.ts'

interface Finger {
  contact: Contact
  /** Milliseconds; undefined until it answered us. */
  roundTrip: number | undefined
}

/**
 * Shortcuts across the ring: up to `candidates` peers for each interval [self + 2^i, self + 2^(i+1)). Only speed depends
 * on it, never correctness.
 */
export class FingerTable {
  readonly #self: RingPosition
  readonly #capacity: number
  readonly #intervals = new Map<number, Finger[]>()

  constructor(self: RingPosition, candidates: number = FINGER_CANDIDATES) {
    this.#self = self
    this.#capacity = candidates
  }

  /** Remembers a peer. With a round-trip time it has answered; without, others named it. */
  learn(contact: Contact, roundTrip?: number): void {
    if (contact.position === this.#self) return
    const interval = intervalOf(distance(this.#self, contact.position))
    const fingers = this.#intervals.get(interval) ?? []
    this.#intervals.set(interval, fingers)
    const known = fingers.find(finger => finger.contact.peerId === contact.peerId)
    if (known) refresh(known, contact, roundTrip)
    else if (fingers.length < this.#capacity) fingers.push({ contact, roundTrip })
    else replaceWorst(fingers, { contact, roundTrip })
  }

  remove(peerId: string): void {
    for (const [interval, fingers] of this.#intervals) {
      const left = fingers.filter(finger => finger.contact.peerId !== peerId)
      if (left.length === 0) this.#intervals.delete(interval)
      else if (left.length < fingers.length) this.#intervals.set(interval, left)
    }
  }

  clear(): void {
    this.#intervals.clear()
  }

  /** One peer for each interval in use, nearest interval first: the one with the shortest round-trip time. */
  preferred(): Contact[] {
    return [...this.#intervals.entries()]
      .sort(([a], [b]) => a - b)
      .flatMap(([, fingers]) => fingers.toSorted(byRoundTrip).slice(0, 1))
      .map(finger => finger.contact)
  }

  /** Every candidate, in no order. */
  all(): Contact[] {
    return [...this.#intervals.values()].flatMap(fingers => fingers.map(finger => finger.contact))
  }

  /**
   * Up to `count` peers strictly between this one and `key`, from the intervals nearest to the key. Within the best
   * interval the one with the shortest round-trip time goes first, then those nearest to the key.
   */
  closestPreceding(key: RingPosition, count: number): Contact[] {
    const preceding = this.#nearestPreceding(key, count)
    const nearest = preceding.toSorted((a, b) => (this.#isNearer(a, b, key) ? -1 : 1))
    const best = nearest[0]
    if (!best) return []
    const interval = intervalOf(distance(this.#self, best.contact.position))
    const swift = nearest
      .filter(finger => intervalOf(distance(this.#self, finger.contact.position)) === interval)
      .toSorted(byRoundTrip)[0]
    const chosen = nearest.slice(0, count).map(finger => finger.contact)
    if (!swift || chosen.includes(swift.contact)) return chosen
    return [...chosen.slice(0, count - 1), swift.contact]
  }

  #nearestPreceding(key: RingPosition, count: number): Finger[] {
    const span = distance(this.#self, key)
    if (span === 0n) return this.#allFingers()
    const found: Finger[] = []
    for (let interval = intervalOf(span); interval >= 0 && found.length < count; interval--) {
      const fingers = this.#intervals.get(interval) ?? []
      found.push(...fingers.filter(finger => isBetween(this.#self, finger.contact.position, key)))
    }
    return found
  }

  #allFingers(): Finger[] {
    return [...this.#intervals.values()].flat()
  }

  #isNearer(a: Finger, b: Finger, key: RingPosition): boolean {
    return distance(a.contact.position, key) < distance(b.contact.position, key)
  }
}

function refresh(finger: Finger, contact: Contact, roundTrip: number | undefined): void {
  if (contact.addresses.length > 0) finger.contact = contact
  finger.roundTrip = roundTrip ?? finger.roundTrip
}

function replaceWorst(fingers: Finger[], candidate: Finger): void {
  const worst = fingers.toSorted(byRoundTrip).at(-1)
  if (!worst || byRoundTrip(candidate, worst) >= 0) return
  fingers[fingers.indexOf(worst)] = candidate
}

function byRoundTrip(a: Finger, b: Finger): number {
  const left = a.roundTrip ?? Number.MAX_VALUE
  const right = b.roundTrip ?? Number.MAX_VALUE
  return left - right
}
