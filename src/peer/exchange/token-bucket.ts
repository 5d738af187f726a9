import type { CancelTimer, Clock } from '../clock.ts'

/** Bytes that may pass at once after a pause, and at the very start. */
const BURST_BYTES = 64 * 1024
/** Under steady demand the bucket may catch up this much, so that late timers do not cost throughput. */
const CATCH_UP_MILLISECONDS = 25
/** Demand is steady while nobody stayed away longer than this. */
const IDLE_MILLISECONDS = 100

interface Waiter {
  bytes: number
  admit(): void
}

/**
 * Limits bytes a second, first come, first served. It holds from the first byte: in `t` seconds at most
 * `rate × t` + 64 KiB pass. 0 means no limit.
 */
export class TokenBucket {
  readonly #clock: Clock
  readonly #waiters: Waiter[] = []
  #rate: number
  #level = BURST_BYTES
  #refilledAt: number
  #lastDemandAt: number
  #cancelTimer: CancelTimer | undefined

  /** @param rate bytes a second, 0 for no limit */
  constructor(rate: number, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
    this.#refilledAt = clock.monotonic()
    this.#lastDemandAt = this.#refilledAt
  }

  /** Bytes a second, 0 for no limit. */
  get rate(): number {
    return this.#rate
  }

  /** Takes effect at once, also for those who wait. */
  set rate(rate: number) {
    this.#refill()
    this.#rate = rate
    this.#admitWaiters()
  }

  /**
   * Resolves when `bytes` may pass.
   * @throws the signal's reason when aborted
   */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    // More than a burst never fits at once: it passes in parts, and others pass between them.
    for (let left = bytes; left > 0 && this.#rate > 0; left -= BURST_BYTES) {
      await this.#takePart(Math.min(left, BURST_BYTES), signal)
    }
  }

  #takePart(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#refill()
    this.#lastDemandAt = this.#refilledAt
    if (this.#waiters.length === 0 && this.#level >= bytes) {
      this.#level -= bytes
      return Promise.resolve()
    }
    return this.#wait(bytes, signal)
  }

  #wait(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const admit = (): void => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      const waiter = { bytes, admit }
      const onAbort = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
        this.#admitWaiters()
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiters.push(waiter)
      this.#schedule()
    })
  }

  #refill(): void {
    const now = this.#clock.monotonic()
    const gained = ((now - this.#refilledAt) * this.#rate) / 1000
    const steady = this.#waiters.length > 0 || now - this.#lastDemandAt < IDLE_MILLISECONDS
    const capacity = steady ? Math.max(BURST_BYTES, (this.#rate * CATCH_UP_MILLISECONDS) / 1000) : BURST_BYTES
    this.#level = Math.min(capacity, this.#level + gained)
    this.#refilledAt = now
  }

  #admitWaiters(): void {
    this.#refill()
    for (let first = this.#waiters[0]; first && this.#admits(first); first = this.#waiters[0]) {
      this.#waiters.shift()
      this.#lastDemandAt = this.#refilledAt
      first.admit()
    }
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#schedule()
  }

  #admits(waiter: Waiter): boolean {
    if (this.#rate === 0) return true
    if (this.#level < waiter.bytes) return false
    this.#level -= waiter.bytes
    return true
  }

  #schedule(): void {
    const first = this.#waiters[0]
    if (!first || this.#cancelTimer) return
    const delay = Math.max(1, Math.ceil(((first.bytes - this.#level) / this.#rate) * 1000))
    this.#cancelTimer = this.#clock.after(delay, () => {
      this.#cancelTimer = undefined
      this.#admitWaiters()
    })
  }
}
