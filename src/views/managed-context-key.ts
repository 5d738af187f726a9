/** A context key of the editor that is only sent when its value changes. */
export class ManagedContextKey<Value extends string | boolean> {
  readonly #name: string
  readonly #send: (name: string, value: Value) => void
  #value: Value | undefined

  constructor(name: string, send: (name: string, value: Value) => void) {
    this.#name = name
    this.#send = send
  }

  set(value: Value): void {
    if (value === this.#value) return
    this.#value = value
    this.#send(this.#name, value)
  }
}
