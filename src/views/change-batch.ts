import type { CancelTimer, Clock } from '../peer/clock.ts'

/**
 * Collects what changed and reports it together, at most once in `interval` milliseconds. The first change after a
 * pause is reported at once, so that a single change is never late.
 */
export class ChangeBatch<Key> {
  readonly #clock: Clock
  readonly #interval: number
  readonly #report: (changed: Key[]) => void
  readonly #changed = new Set<Key>()
  #cancelTimer: CancelTimer | undefined
  #lastReport = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, interval: number, report: (changed: Key[]) => void) {
    this.#clock = clock
    this.#interval = interval
    this.#report = report
  }

  add(key: Key): void {
    this.#changed.add(key)
    if (this.#cancelTimer !== undefined) return
    const wait = this.#lastReport + this.#interval - this.#clock.monotonic()
    if (wait <= 0) this.#flush()
    else this.#cancelTimer = this.#clock.after(wait, () => this.#flush())
  }

  dispose(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#changed.clear()
  }

  #flush(): void {
    this.#cancelTimer = undefined
    this.#lastReport = this.#clock.monotonic()
    const changed = [...this.#changed]
    this.#changed.clear()
    this.#report(changed)
  }
}
