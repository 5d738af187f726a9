import type { Unsubscribe } from '../event-emitter.ts'

/** Chunk bytes that may be on their way to this peer at once, over all downloads: what arrives is held in memory. */
const MAX_IN_FLIGHT_BYTES = 32 * 1024 * 1024

/** The bound on memory that all downloads of a peer share. */
export class InFlightBudget {
  readonly #maxBytes: number
  readonly #listeners = new Set<() => void>()
  #used = 0

  constructor(maxBytes = MAX_IN_FLIGHT_BYTES) {
    this.#maxBytes = maxBytes
  }

  get free(): number {
    return Math.max(0, this.#maxBytes - this.#used)
  }

  take(bytes: number): void {
    this.#used += bytes
  }

  give(bytes: number): void {
    const wasEmpty = this.free === 0
    this.#used -= bytes
    if (wasEmpty) for (const listener of [...this.#listeners]) listener()
  }

  /** Calls `listener` when there is room again after there was none. */
  onRoom(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }
}
