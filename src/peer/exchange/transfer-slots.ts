/** Counts chunk transfers against a bound for all peers together and one for each peer. */
export class TransferSlots {
  readonly #maxTransfers: number
  readonly #perPeer: number
  readonly #byPeer = new Map<string, number>()
  #active = 0

  constructor(limits: { maxTransfers: number; perPeer: number }) {
    this.#maxTransfers = limits.maxTransfers
    this.#perPeer = limits.perPeer
  }

  /** Transfers accepted and not yet ended. */
  get active(): number {
    return this.#active
  }

  /** False when either bound is reached. */
  take(peerId: string): boolean {
    const ofPeer = this.#byPeer.get(peerId) ?? 0
    if (this.#active >= this.#maxTransfers || ofPeer >= this.#perPeer) return false
    this.#byPeer.set(peerId, ofPeer + 1)
    this.#active++
    return true
  }

  release(peerId: string): void {
    const ofPeer = this.#byPeer.get(peerId) ?? 0
    if (ofPeer === 0) return
    if (ofPeer > 1) this.#byPeer.set(peerId, ofPeer - 1)
    else this.#byPeer.delete(peerId)
    this.#active--
  }
}
