import type { CancelTimer, Clock } from '../clock.ts'

export interface PeriodicTaskInit {
  clock: Clock
  /** Milliseconds until the next run, asked after each run; undefined waits for a poke. Default: always. */
  nextDelay?(): number | undefined
  /** Must not reject: it owns its errors. */
  run(signal: AbortSignal): Promise<void>
}

/** Runs one thing at a time, again after a delay or when poked, until stopped. */
export class PeriodicTask {
  readonly #init: PeriodicTaskInit
  #controller: AbortController | undefined
  #cancelTimer: CancelTimer = () => undefined
  #dueAt = Number.POSITIVE_INFINITY
  #isRunning = false
  #wantedIn: number | undefined

  constructor(init: PeriodicTaskInit) {
    this.#init = init
  }

  start(): void {
    this.stop()
    this.#controller = new AbortController()
    this.#scheduleNext()
  }

  stop(): void {
    this.#cancelTimer()
    this.#dueAt = Number.POSITIVE_INFINITY
    this.#wantedIn = undefined
    this.#controller?.abort()
    this.#controller = undefined
  }

  /** Runs within `delay` milliseconds, or that long after the present run. */
  poke(delay: number): void {
    if (!this.#controller) return
    if (this.#isRunning) this.#wantedIn = Math.min(delay, this.#wantedIn ?? delay)
    else if (this.#init.clock.monotonic() + delay < this.#dueAt) this.#schedule(delay)
  }

  #scheduleNext(): void {
    const delay = this.#wantedIn ?? this.#init.nextDelay?.()
    this.#wantedIn = undefined
    if (delay !== undefined) this.#schedule(delay)
  }

  #schedule(delay: number): void {
    this.#cancelTimer()
    this.#dueAt = this.#init.clock.monotonic() + delay
    this.#cancelTimer = this.#init.clock.after(delay, () => void this.#run())
  }

  async #run(): Promise<void> {
    const controller = this.#controller
    if (!controller || this.#isRunning) return
    this.#dueAt = Number.POSITIVE_INFINITY
    this.#isRunning = true
    try {
      await this.#init.run(controller.signal)
    } finally {
      this.#isRunning = false
      if (this.#controller) this.#scheduleNext()
    }
  }
}
