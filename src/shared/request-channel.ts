/** Runs `callback` after `milliseconds`; what it returns cancels that. */
export type StartTimer = (callback: () => void, milliseconds: number) => () => void

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
  cancelTimer(): void
}

const startRealTimer: StartTimer = (callback, milliseconds) => {
  const timer = setTimeout(callback, milliseconds)
  return () => clearTimeout(timer)
}

/**
 * The asking end of a request/reply protocol over messages. Every request ends: with the answer, with the other
 * side's error, at its deadline, or when the channel is disposed.
 * `Requests` maps the name of a request to the type of its answer.
 */
export class RequestChannel<Requests extends object> {
  readonly #post: (message: { kind: 'request'; id: number; name: keyof Requests }) => void
  readonly #timeout: number
  readonly #startTimer: StartTimer
  readonly #pending = new Map<number, Pending>()
  #nextId = 1
  #disposed = false

  constructor(
    post: (message: { kind: 'request'; id: number; name: keyof Requests }) => void,
    timeoutMilliseconds = 20_000,
    startTimer: StartTimer = startRealTimer
  ) {
    this.#post = post
    this.#timeout = timeoutMilliseconds
    this.#startTimer = startTimer
  }

  request<Name extends keyof Requests>(name: Name): Promise<Requests[Name]> {
    return new Promise((resolve, reject) => {
      if (this.#disposed) return reject(new Error('This view was closed.'))
      const id = this.#nextId++
      const expire = (): void =>
        this.#settle(id)?.reject(new Error('The editor did not answer in time. Try again.'))
      const cancelTimer = this.#startTimer(expire, this.#timeout)
      this.#pending.set(id, { resolve: value => resolve(value as Requests[Name]), reject, cancelTimer })
      this.#post({ kind: 'request', id, name })
    })
  }

  /** Takes an answer. Late answers and answers to nothing are dropped. */
  accept(
    message: { kind: 'reply'; id: number; value: unknown } | { kind: 'error'; id: number; message: string }
  ): void {
    const pending = this.#settle(message.id)
    if (message.kind === 'reply') pending?.resolve(message.value)
    else pending?.reject(new Error(message.message))
  }

  /** Rejects everything that still waits. */
  dispose(): void {
    this.#disposed = true
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(new Error('This view was closed.'))
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    pending?.cancelTimer()
    return pending
  }
}
