/** Ends a subscription. Calling it again is harmless. */
export type Unsubscribe = () => void

/**
 * A minimal typed event emitter: names and payloads come from the `Events` map. A listener that throws keeps neither the other
 * listeners from being called nor the emitting code from going on: its error goes to `onError`, by default out of a microtask of
 * its own, where it is an uncaught exception.
 */
export class EventEmitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>()
  readonly #onError: (error: unknown) => void

  /** @param onError told what a listener threw; must not throw itself. Give a logger's where a listener may not end the process. */
  constructor(onError: (error: unknown) => void = throwLater) {
    this.#onError = onError
  }

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
      try {
        call(value)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
