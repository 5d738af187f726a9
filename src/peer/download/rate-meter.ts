import type { Clock } from '../clock.ts'

/** Milliseconds over which a shown rate is averaged, and the buckets that it is counted in. */
const WINDOW = 3000
const BUCKET = 250
const BUCKETS = WINDOW / BUCKET

/** Bytes per second over the last three seconds, for people to read. */
export class RateMeter {
  readonly #clock: Clock
  readonly #buckets = new Array<number>(BUCKETS).fill(0)
  readonly #startedAt: number
  #newest: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedAt = clock.monotonic()
    this.#newest = Math.floor(this.#startedAt / BUCKET)
  }

  /** Counts bytes that came, or went, now. */
  add(bytes: number): void {
    this.#advance()
    const slot = this.#newest % BUCKETS
    this.#buckets[slot] = (this.#buckets[slot] ?? 0) + bytes
  }

  /** Averaged over the window, or over the meter's age while that is shorter (but at least one bucket). */
  get bytesPerSecond(): number {
    this.#advance()
    const total = this.#buckets.reduce((sum, bytes) => sum + bytes, 0)
    const now = this.#clock.monotonic()
    // The newest bucket is still being filled.
    const covered = WINDOW - BUCKET + (now % BUCKET)
    return (total / Math.max(BUCKET, Math.min(covered, now - this.#startedAt))) * 1000
  }

  #advance(): void {
    const current = Math.floor(this.#clock.monotonic() / BUCKET)
    const steps = Math.min(BUCKETS, current - this.#newest)
    for (let step = 1; step <= steps; step++) this.#buckets[(this.#newest + step) % BUCKETS] = 0
    if (steps === BUCKETS) this.#buckets.fill(0)
    this.#newest = Math.max(this.#newest, current)
  }
}
