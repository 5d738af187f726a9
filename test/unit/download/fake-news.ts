import type { IndexRange } from '../../../src/peer/content/bitfield.ts'
import type { HolderNews } from '../../../src/peer/download/chunk-holder.ts'
import type { Unsubscribe } from '../../../src/peer/event-emitter.ts'

type Listener = Parameters<HolderNews['listen']>[0]

/** News of holders, told by a test. */
export class FakeNews implements HolderNews {
  /** What was asked for, in order. */
  readonly asked: IndexRange[][] = []
  readonly #listeners = new Set<Listener>()

  listen(listener: Listener): Unsubscribe {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  ask(wanted: readonly IndexRange[]): void {
    this.asked.push([...wanted])
  }

  found(peerId: string): void {
    for (const { found } of this.#listeners) found({ peerId, addresses: [] })
  }

  gone(peerId: string): void {
    for (const { gone } of this.#listeners) gone(peerId)
  }

  get listeners(): number {
    return this.#listeners.size
  }
}
