import type { TokenBucket } from './token-bucket.ts'

/**
 * Shares one upload limit between peers in turn: however many streams a peer has, only one of its slices waits at the
 * limiter, which serves first come, first served.
 */
export class FairUplink {
  readonly #limiter: TokenBucket
  readonly #turns = new Map<string, Promise<void>>()

  constructor(limiter: TokenBucket) {
    this.#limiter = limiter
  }

  /** Bytes a second, 0 for no limit. */
  get rate(): number {
    return this.#limiter.rate
  }

  /** Resolves when `bytes` may go to this peer. @throws the signal's reason when aborted */
  take(peerId: string, bytes: number, signal: AbortSignal): Promise<void> {
    if (this.#limiter.rate === 0) return Promise.resolve()
    const before = this.#turns.get(peerId) ?? Promise.resolve()
    const turn = before.then(() => this.#limiter.take(bytes, signal))
    // A rejection is the caller's; here it only passes the turn on.
    const settled = turn.catch(() => undefined)
    this.#turns.set(peerId, settled)
    void settled.then(() => this.#forget(peerId, settled))
    return turn
  }

  #forget(peerId: string, turn: Promise<void>): void {
    if (this.#turns.get(peerId) === turn) this.#turns.delete(peerId)
  }
}
