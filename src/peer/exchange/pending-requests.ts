import { PeerError } from '../errors.ts'
import type { Message } from '../wire/frame-codec.ts'
import { BusyError } from './busy-error.ts'
import type { ChunkAnswer } from './chunk-messages.ts'

/** An answer that names the request which it belongs to. */
export type RequestedAnswer = Extract<ChunkAnswer, { request: number }>

interface Pending {
  accept(answer: RequestedAnswer): void
  reject(error: unknown): void
}

/** The requests of one stream that are not answered in full, by number. */
export class PendingRequests {
  readonly #post: (message: Message) => void
  readonly #pending = new Map<number, Pending>()
  #next = 0
  #isOver = false

  /** @param post sends one message, and sees to the stream if that fails */
  constructor(post: (message: Message) => void) {
    this.#post = post
  }

  get size(): number {
    return this.#pending.size
  }

  /**
   * Sends `message` under a fresh number. `read` gets each answer and returns the result once it is complete, or throws.
   * @throws BusyError; PeerError CHUNK_UNAVAILABLE; what `read` throws; the signal's reason when aborted, after CANCEL
   */
  ask<Result>(
    message: Message,
    signal: AbortSignal,
    read: (answer: RequestedAnswer) => Result | undefined
  ): Promise<Result> {
    if (signal.aborted) return Promise.reject(signal.reason)
    const request = this.#next++
    return new Promise<Result>((resolve, reject) => {
      const onAbort = (): void => this.#cancel(request, signal.reason)
      const settle = (perform: () => void): void => {
        signal.removeEventListener('abort', onAbort)
        this.#pending.delete(request)
        perform()
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#pending.set(request, {
        accept: answer => {
          const result = read(answer)
          if (result !== undefined) settle(() => resolve(result))
        },
        reject: error => settle(() => reject(error))
      })
      this.#post({ ...message, request })
    })
  }

  /** Takes in one answer. @throws PeerError PROTOCOL_VIOLATION for a number that was never used */
  answer(answer: RequestedAnswer): void {
    if (answer.request >= this.#next) throw outOfTurn()
    // What answers a request that was cancelled meanwhile is dropped.
    const pending = this.#pending.get(answer.request)
    if (!pending) return
    try {
      if (answer.type === 'busy') pending.reject(new BusyError(answer.retryAfter))
      else if (answer.type === 'failed') pending.reject(unavailable(answer.code))
      else pending.accept(answer)
    } catch (error) {
      this.#cancel(answer.request, error)
    }
  }

  /** Ends all requests, and sends nothing any more. */
  rejectAll(reason: unknown): void {
    this.#isOver = true
    for (const pending of [...this.#pending.values()]) pending.reject(reason)
  }

  #cancel(request: number, reason: unknown): void {
    this.#pending.get(request)?.reject(reason)
    if (!this.#isOver) this.#post({ type: 'cancel', request })
  }
}

/** PROTOCOL_VIOLATION, for an answer that nobody asked for. */
export function outOfTurn(): PeerError {
  return new PeerError('PROTOCOL_VIOLATION', 'A peer answered what was not asked. It is cut off.')
}

function unavailable(code: string): PeerError {
  const reason = code === 'FILE_CHANGED' ? 'its file has changed' : 'it no longer has it'
  const message = `A peer cannot serve a chunk: ${reason}. It is fetched from another.`
  return new PeerError('CHUNK_UNAVAILABLE', message)
}
