import type { CancelTimer, Clock } from '../../../src/peer/clock.ts'

/** A clock that a test moves. */
export class ManualClock implements Clock {
  #now = 0
  #timers: { due: number; callback: () => void }[] = []

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(delay: number, callback: () => void): CancelTimer {
    const timer = { due: this.#now + delay, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer)
    }
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds
    const due = this.#timers.filter(timer => timer.due <= this.#now)
    this.#timers = this.#timers.filter(timer => timer.due > this.#now)
    for (const { callback } of due) callback()
  }
}
