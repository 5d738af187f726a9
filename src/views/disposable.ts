interface Closable {
  dispose(): unknown
}

/** Owns what it registers and disposes all of it once, newest first. */
export class DisposableStore {
  readonly #owned: Closable[] = []
  #disposed = false

  /** Owns `closable` from now on and returns it; after disposal it is disposed at once. */
  add<Owned extends Closable>(closable: Owned): Owned {
    if (this.#disposed) closable.dispose()
    else this.#owned.push(closable)
    return closable
  }

  /** Owns the end of a subscription. */
  addUnsubscribe(unsubscribe: () => void): void {
    this.add({ dispose: unsubscribe })
  }

  dispose(): void {
    this.#disposed = true
    for (const closable of this.#owned.splice(0).reverse()) closable.dispose()
  }
}
