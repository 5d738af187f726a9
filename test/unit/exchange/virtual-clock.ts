import type { CancelTimer, Clock } from '../../../src/peer/clock.ts'

interface Timer {
  at: number
  callback: () => void
}

/** A clock that only moves when a test says so. */
export class VirtualClock implements Clock {
  #time = 0
  #timers: Timer[] = []

  now(): number {
    return this.#time
  }

  monotonic(): number {
    return this.#time
  }

  after(delay: number, callback: () => void): CancelTimer {
    const timer = { at: this.#time + delay, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer)
    }
  }

  /** Moves on, running each timer at its time; promises settle in between. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#time + milliseconds
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#time = next.at
      this.#timers = this.#timers.filter(other => other !== next)
      next.callback()
      await settle()
    }
    this.#time = end
    await settle()
  }

  #next(end: number): Timer | undefined {
    const due = this.#timers.filter(timer => timer.at <= end)
    return due.sort((a, b) => a.at - b.at)[0]
  }
}

/** Lets everything that is ready run. */
export function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
