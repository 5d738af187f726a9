import type { Clock } from '../clock.ts'

/** Blame halves in so many milliseconds. */
const HALF_LIFE = 60_000
/** Peers remembered; the ones blamed longest ago make room. */
const MAX_PEERS = 1_000

/**
 * Who passed on what no honest peer passes on. As gossipsub's score of a peer it makes a few of those within a minute end all
 * gossip with it.
 */
export class RelayBlame {
  readonly #clock: Clock
  /** In the order in which they were blamed last. */
  readonly #peers = new Map<string, { blame: number; at: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(peerId: string): void {
    const blame = this.of(peerId) + 1
    this.#peers.delete(peerId)
    this.#peers.set(peerId, { blame, at: this.#clock.monotonic() })
    if (this.#peers.size <= MAX_PEERS) return
    const [oldest] = this.#peers.keys()
    if (oldest !== undefined) this.#peers.delete(oldest)
  }

  /** How many messages to blame for, each counting for half after every minute. */
  of(peerId: string): number {
    const known = this.#peers.get(peerId)
    return known ? known.blame * 2 ** ((known.at - this.#clock.monotonic()) / HALF_LIFE) : 0
  }
}
