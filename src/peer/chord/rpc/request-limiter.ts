import type { Clock } from '../../clock.ts'
import { REQUEST_BURST, REQUESTS_PER_SECOND } from '../constants.ts'

const MAX_PEERS = 1024

interface Bucket {
  tokens: number
  filledAt: number
}

/** A token bucket for each peer, shared by all its streams. */
export class RequestLimiter {
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes one token; false when the peer has none left. */
  take(peerId: string): boolean {
    const now = this.#clock.monotonic()
    const bucket = this.#buckets.get(peerId) ?? { tokens: REQUEST_BURST, filledAt: now }
    const gained = ((now - bucket.filledAt) / 1000) * REQUESTS_PER_SECOND
    bucket.tokens = Math.min(REQUEST_BURST, bucket.tokens + gained)
    bucket.filledAt = now
    this.#remember(peerId, bucket)
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }

  #remember(peerId: string, bucket: Bucket): void {
    this.#buckets.delete(peerId)
    this.#buckets.set(peerId, bucket)
    const oldest = this.#buckets.keys().next()
    if (this.#buckets.size > MAX_PEERS && !oldest.done) this.#buckets.delete(oldest.value)
  }
}
