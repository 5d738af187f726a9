import type { Clock } from '../clock.ts'

/** Bounds of what BUSY asks for, in milliseconds. */
const MIN_RETRY = 100
const MAX_RETRY = 5_000
/** Who was refused asks again so often while a transfer takes its time: the slots are free for a moment only, and asking costs both sides. */
const RETRIES_PER_TRANSFER = 4
/** Weight of the last transfer in how long one takes. */
const SMOOTHING = 0.1

/** One transfer that was accepted. */
export interface TransferSlot {
  /** Gives the slot back; once. */
  release(): void
}

/** Counts chunk transfers against a bound for all peers together and one for each peer. */
export class TransferSlots {
  readonly #maxTransfers: number
  readonly #perPeer: number
  readonly #clock: Clock
  readonly #byPeer = new Map<string, number>()
  #active = 0
  /** Milliseconds for which a transfer had its slot lately. */
  #duration = 0

  constructor(limits: { maxTransfers: number; perPeer: number }, clock: Clock) {
    this.#maxTransfers = limits.maxTransfers
    this.#perPeer = limits.perPeer
    this.#clock = clock
  }

  /** Transfers accepted and not yet ended. */
  get active(): number {
    return this.#active
  }

  /** When who was refused may ask again, in milliseconds: about the quarter of a transfer. */
  get retryAfter(): number {
    const wait = this.#duration / RETRIES_PER_TRANSFER
    return Math.round(Math.min(MAX_RETRY, Math.max(MIN_RETRY, wait)))
  }

  /** Undefined when either bound is reached. */
  take(peerId: string): TransferSlot | undefined {
    const ofPeer = this.#byPeer.get(peerId) ?? 0
    if (this.#active >= this.#maxTransfers || ofPeer >= this.#perPeer) return undefined
    this.#byPeer.set(peerId, ofPeer + 1)
    this.#active++
    const takenAt = this.#clock.monotonic()
    return { release: () => this.#release(peerId, takenAt) }
  }

  #release(peerId: string, takenAt: number): void {
    const ofPeer = this.#byPeer.get(peerId) ?? 0
    if (ofPeer > 1) this.#byPeer.set(peerId, ofPeer - 1)
    else this.#byPeer.delete(peerId)
    this.#active--
    this.#duration += (this.#clock.monotonic() - takenAt - this.#duration) * SMOOTHING
  }
}
