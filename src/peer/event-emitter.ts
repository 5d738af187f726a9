/** Ends a subscription. Calling it again is harmless. */
export type Unsubscribe = () => void

/** A minimal typed event emitter: names and payloads come from the `Events` map. */
export class EventEmitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>()

  on<Name extends keyof Events>(event: Name, listener: (value: Events[Name]) => void): Unsubscribe {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }

  emit<Name extends keyof Events>(event: Name, value: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      const call = listener as (value: Events[Name]) => void
      call(value)
    }
  }
}
