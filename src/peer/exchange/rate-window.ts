import type { Clock } from '../clock.ts'

/** Peers remembered at most; beyond that everybody waits for the next window. */
const MAX_PEERS = 10_000

/** Allows each peer a number of requests in each window of time. */
export class RateWindow {
  readonly #allowed: number
  readonly #milliseconds: number
  readonly #clock: Clock
  readonly #counts = new Map<string, number>()
  #startedAt: number

  constructor(allowed: number, milliseconds: number, clock: Clock) {
    this.#allowed = allowed
    this.#milliseconds = milliseconds
    this.#clock = clock
    this.#startedAt = clock.monotonic()
  }

  /** Counts one request; false when this peer has had its share. */
  allow(peerId: string): boolean {
    if (this.#remaining() <= 0) this.#restart()
    const count = this.#counts.get(peerId) ?? 0
    if (count >= this.#allowed || (count === 0 && this.#counts.size >= MAX_PEERS)) return false
    this.#counts.set(peerId, count + 1)
    return true
  }

  /** Milliseconds until everybody may ask again. */
  retryAfter(): number {
    return Math.max(1, Math.ceil(this.#remaining()))
  }

  #remaining(): number {
    return this.#startedAt + this.#milliseconds - this.#clock.monotonic()
  }

  #restart(): void {
    this.#counts.clear()
    this.#startedAt = this.#clock.monotonic()
  }
}
