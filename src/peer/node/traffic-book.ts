import type { Digest } from '../api.ts'
import type { Clock } from '../clock.ts'
import type { Bitfield } from '../content/bitfield.ts'
import { RateMeter } from '../download/rate-meter.ts'

/** What passes between this peer and one other. */
export interface PeerTraffic {
  readonly sent: RateMeter
  readonly received: RateMeter
  /** What the other holds, by video, as it said last. */
  readonly holds: Map<Digest, Bitfield>
}

/** Chunk payload and holdings by peer, for people to look at. Forgets peers that are no longer connected. */
export class TrafficBook {
  /** All peers together. */
  readonly total: { readonly sent: RateMeter; readonly received: RateMeter }
  /** Bytes of chunk payload since the peer started. */
  sentBytes = 0
  receivedBytes = 0
  readonly #clock: Clock
  readonly #peers = new Map<string, PeerTraffic>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.total = { sent: new RateMeter(clock), received: new RateMeter(clock) }
  }

  sent(peerId: string, bytes: number): void {
    this.sentBytes += bytes
    this.total.sent.add(bytes)
    this.of(peerId).sent.add(bytes)
  }

  received(peerId: string, bytes: number): void {
    this.receivedBytes += bytes
    this.total.received.add(bytes)
    this.of(peerId).received.add(bytes)
  }

  holds(peerId: string, digest: Digest, have: Bitfield): void {
    this.of(peerId).holds.set(digest, have)
  }

  of(peerId: string): PeerTraffic {
    const known = this.#peers.get(peerId)
    if (known) return known
    const traffic = {
      sent: new RateMeter(this.#clock),
      received: new RateMeter(this.#clock),
      holds: new Map()
    }
    this.#peers.set(peerId, traffic)
    return traffic
  }

  /** What connected peers said they hold of a video; those with nothing left out. */
  holdingsOf(digest: Digest): Bitfield[] {
    const holdings = [...this.#peers.values()].map(({ holds }) => holds.get(digest))
    return holdings.filter(have => have !== undefined).filter(have => have.size > 0)
  }

  forget(peerId: string): void {
    this.#peers.delete(peerId)
  }
}
