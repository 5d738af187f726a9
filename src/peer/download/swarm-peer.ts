import type { Clock } from '../clock.ts'
import { PeerError } from '../errors.ts'
import type { Unsubscribe } from '../event-emitter.ts'
import type { Holder, HolderSession } from './chunk-holder.ts'
import type { PeerSnapshot } from './peer-choice.ts'
import { PeerScore } from './peer-score.ts'
import type { Reputation } from './reputation.ts'

/** Assumed until the exchange has measured it, in milliseconds. */
const ASSUMED_ROUND_TRIP = 100

/** One request that is on its way to a holder, or whose chunk is being verified and written. */
export interface ActiveRequest {
  readonly peer: SwarmPeer
  readonly index: number
  /** Bytes asked for. */
  readonly length: number
  /** Milliseconds of the monotonic clock. */
  readonly requestedAt: number
  readonly cancel: AbortController
  received: number
}

/** Why a request is cancelled that is not needed any more: nobody's fault. */
export function takenBack(): PeerError {
  return new PeerError('ABORTED', 'The request was taken back.')
}

/** Told what the session of a holder tells. */
export interface SwarmPeerListeners {
  onHave(): void
  onOffer(): void
  onPeers(peers: readonly Holder[]): void
  onClose(): void
}

/** One connected holder: its session, what it has been like, what it was asked for. */
export class SwarmPeer {
  readonly holder: Holder
  readonly session: HolderSession
  readonly score: PeerScore
  readonly requests = new Map<number, ActiveRequest>()
  readonly #unsubscribe: Unsubscribe[] = []

  constructor(holder: Holder, session: HolderSession, clock: Clock, reputation?: Reputation) {
    this.holder = holder
    this.session = session
    this.score = new PeerScore(clock, reputation)
  }

  get peerId(): string {
    return this.holder.peerId
  }

  get roundTripMilliseconds(): number {
    return this.session.roundTripMilliseconds ?? ASSUMED_ROUND_TRIP
  }

  listen(listeners: SwarmPeerListeners): void {
    const { onHave, onOffer, onPeers, onClose } = listeners
    this.#unsubscribe.push(
      this.session.on('have', onHave),
      this.session.on('offer', onOffer),
      this.session.on('closed', onClose),
      this.session.onPeers?.(onPeers) ?? (() => undefined)
    )
  }

  /** What the picker sees of it at `now`. */
  snapshot(now: number): PeerSnapshot {
    const { bytes, requests } = this.#outstanding()
    return {
      peerId: this.peerId,
      have: this.session.have,
      offered: this.session.offered,
      rate: this.score.rate,
      roundTripMilliseconds: this.roundTripMilliseconds,
      penalty: this.score.penalty(this.session.load.active / Math.max(1, this.session.load.limit)),
      canRequest: bytes => this.session.canRequest(bytes),
      pickedBytes: 0,
      outstandingBytes: bytes,
      outstandingRequests: requests,
      snubbed: this.isSnubbed(now),
      busyUntil: this.score.busyUntil,
      refused: { has: index => this.score.hasRefused(index) }
    }
  }

  /** What it owes. */
  #outstanding(): { bytes: number; requests: number } {
    let [bytes, requests] = [0, 0]
    for (const { received, length } of this.requests.values()) {
      if (received >= length) continue
      bytes += length - received
      requests++
    }
    return { bytes, requests }
  }

  /** When it counts as snubbed if it sends nothing before; undefined while it owes nothing. */
  get snubbedAt(): number | undefined {
    return this.score.snubbedAt(this.roundTripMilliseconds, this.session.lastByteAt)
  }

  /** Since when it has owed chunks and sent nothing; undefined while it owes nothing. */
  get silentSince(): number | undefined {
    return this.score.silentSince(this.session.lastByteAt)
  }

  isSnubbed(now: number): boolean {
    return (this.snubbedAt ?? Number.POSITIVE_INFINITY) <= now
  }

  /** Stops listening and lets go of the session. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    await this.session.close()
  }
}
