/**
 * Divides long work on one thread over turns of the event loop: what everybody together does in one turn is bounded, so that
 * nobody else waits long, however many have something to do.
 */
export class TurnBudget {
  readonly #maxBytes: number
  #used = 0
  #next: Promise<void> | undefined

  /** @param maxBytes worked on in one turn; a single portion may be larger */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Whether `bytes` may be worked on in this turn; if so, they count. */
  tryTake(bytes: number): boolean {
    if (this.#used > 0 && this.#used + bytes > this.#maxBytes) return false
    this.#used += bytes
    void this.#nextTurn()
    return true
  }

  /** Resolves in the turn in which `bytes` may be worked on. */
  async take(bytes: number): Promise<void> {
    while (!this.tryTake(bytes)) await this.#nextTurn()
  }

  #nextTurn(): Promise<void> {
    this.#next ??= new Promise(resolve => {
      setImmediate(() => {
        this.#used = 0
        this.#next = undefined
        resolve()
      })
    })
    return this.#next
  }
}
