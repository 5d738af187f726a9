import type { ConnectionGater, PeerId } from '@libp2p/interface'
import type { Clock } from '../clock.ts'

/** Whoever sends a wrong chunk sent all of it, so blame is certain: a day without it. */
const BAN_MILLISECONDS = 24 * 60 * 60 * 1000
/** Bans remembered at most; the ones that end first make room. */
const MAX_BANS = 10_000

/** Peers that this one has nothing to do with for a while. Its `gater` keeps them out of the node. */
export class BanList {
  readonly #clock: Clock
  readonly #until = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Bans a peer for `milliseconds`; a longer ban stays. */
  ban(peerId: string, milliseconds = BAN_MILLISECONDS): void {
    const until = this.#clock.monotonic() + milliseconds
    this.#until.set(peerId, Math.max(until, this.#until.get(peerId) ?? 0))
    if (this.#until.size > MAX_BANS) this.#dropFirstToEnd()
  }

  isBanned(peerId: string): boolean {
    const until = this.#until.get(peerId)
    if (until === undefined) return false
    if (until > this.#clock.monotonic()) return true
    this.#until.delete(peerId)
    return false
  }

  /** Hooks for libp2p's `connectionGater`: no dial to a banned peer, no connection from one. */
  readonly gater = {
    denyDialPeer: (peerId: PeerId): boolean => this.isBanned(peerId.toString()),
    denyInboundEncryptedConnection: (peerId: PeerId): boolean => this.isBanned(peerId.toString())
  } satisfies ConnectionGater

  #dropFirstToEnd(): void {
    let first: [string, number] | undefined
    for (const entry of this.#until) if (!first || entry[1] < first[1]) first = entry
    if (first) this.#until.delete(first[0])
  }
}
