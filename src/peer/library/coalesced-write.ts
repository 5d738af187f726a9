/**
 * Runs a write at most once at a time. Requests that arrive while one runs share the next run, so that each caller's promise
 * covers what was true when it asked, and a burst of a thousand changes costs two writes.
 */
export class CoalescedWrite {
  readonly #write: () => Promise<void>
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  constructor(write: () => Promise<void>) {
    this.#write = write
  }

  /** Resolves once the state at the time of this call is written; rejects as that write does. */
  request(): Promise<void> {
    this.#next ??= this.#runAfter(this.#running)
    return this.#next
  }

  /** Resolves when nothing runs or waits any more, whether the writes succeeded or not. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#running, this.#next])
  }

  async #runAfter(previous: Promise<void>): Promise<void> {
    await Promise.allSettled([previous])
    if (this.#next) this.#running = this.#next
    this.#next = undefined
    await this.#write()
  }
}
