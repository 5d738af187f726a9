import type { Clock } from '../clock.ts'
import { type Manifest, verifyManifest } from '../content/manifest.ts'
import { verifyLeaves } from '../content/merkle-tree.ts'
import { PeerError, toPeerError } from '../errors.ts'
import { withDeadline } from '../exchange/deadline.ts'
import type { Logger } from '../log.ts'
import type { Swarm } from './swarm.ts'
import type { SwarmPeer } from './swarm-peer.ts'

/** Milliseconds for a holder to send the manifest, or the leaves. */
const MANIFEST_DEADLINE = 20_000
const LEAVES_DEADLINE = 120_000

/** While a holder is being dialled, patience lasts so many times as long: a busy machine, or a far one, takes its time. */
const DIALLING_PATIENCE = 2

/** A holder that failed is asked again after so many milliseconds, when there is no other. */
const ASK_AGAIN = 3000

/** What a holder is banned for: only a liar sends it. */
const LIES = new Set(['MANIFEST_INVALID', 'SIGNATURE_INVALID', 'LEAVES_INVALID', 'CHUNK_INVALID'])

export interface PreparationInit {
  id: string
  clock: Clock
  log: Logger
  swarm: Swarm
  /** How long holders are looked for before giving up, in milliseconds; undefined: for ever. */
  patienceMilliseconds: number | undefined
  /** Gets the content key from a holder, or from whoever may grant it; checked against the commitment. */
  requestKey(manifest: Manifest, peerId: string, signal: AbortSignal): Promise<Uint8Array>
}

/** Gets what must be known before the first chunk: manifest, leaves and key, from whichever holder gives them. */
export class Preparation {
  readonly #init: PreparationInit

  constructor(init: PreparationInit) {
    this.#init = init
  }

  /** @throws PeerError NO_HOLDERS, UPGRADE_NEEDED; the signal's reason */
  manifest(signal: AbortSignal): Promise<Manifest> {
    return this.#askUntilAnswered(signal, peer =>
      this.#limited(MANIFEST_DEADLINE, signal, async limited =>
        verifyManifest(await peer.session.manifest(limited), this.#init.id)
      )
    )
  }

  /** @throws PeerError NO_HOLDERS; the signal's reason */
  leaves(manifest: Manifest, signal: AbortSignal): Promise<Uint8Array> {
    return this.#askUntilAnswered(signal, peer =>
      this.#limited(LEAVES_DEADLINE, signal, async limited => {
        const leaves = await peer.session.leaves(manifest.count, limited)
        if (verifyLeaves(leaves, manifest.count, manifest.root)) return leaves
        throw new PeerError('LEAVES_INVALID', "A holder's leaves do not match the video's root.")
      })
    )
  }

  /**
   * The content key. A denial by one holder is no answer while others may grant; the owner's is.
   * @throws PeerError KEY_DENIED, GRANT_INVALID, NO_HOLDERS; the signal's reason
   */
  key(manifest: Manifest, signal: AbortSignal): Promise<Uint8Array> {
    return this.#askUntilAnswered(
      signal,
      // The key protocol has deadlines of its own: an owner who is asked may take minutes.
      peer => this.#init.requestKey(manifest, peer.peerId, signal),
      (error, peer) => error.code === 'KEY_DENIED' && peer.peerId === manifest.ownerPeerId
    )
  }

  #limited<Result>(
    milliseconds: number,
    signal: AbortSignal,
    perform: (signal: AbortSignal) => Promise<Result>
  ): Promise<Result> {
    return withDeadline(this.#init.clock, milliseconds, signal, perform)
  }

  /** Asks one holder after the other, those that come later included, until one answers or patience ends. */
  async #askUntilAnswered<Result>(
    signal: AbortSignal,
    ask: (peer: SwarmPeer) => Promise<Result>,
    isFinal: (error: PeerError, peer: SwarmPeer) => boolean = () => false
  ): Promise<Result> {
    const { clock, swarm, patienceMilliseconds = Number.POSITIVE_INFINITY } = this.#init
    const began = clock.monotonic()
    const askedAt = new Map<SwarmPeer, number>()
    let last: PeerError | undefined
    for (;;) {
      const peer = nextPeer(swarm.peers, askedAt, clock.monotonic())
      if (!peer) {
        const patience = patienceMilliseconds * (swarm.isDialling ? DIALLING_PATIENCE : 1)
        const left = began + patience - clock.monotonic()
        if (left <= 0) throw giveUp(last)
        await this.#wait(swarm, Math.min(ASK_AGAIN, left), signal)
        continue
      }
      askedAt.set(peer, clock.monotonic())
      try {
        return await ask(peer)
      } catch (error) {
        signal.throwIfAborted()
        last = toPeerError(error)
        if (isFinal(last, peer) || last.code === 'UPGRADE_NEEDED') throw last
        this.#noteFailure(peer, last)
      }
    }
  }

  #noteFailure(peer: SwarmPeer, error: PeerError): void {
    this.#init.log.debug(`Holder ${peer.peerId} did not help: ${error.code}`)
    if (LIES.has(error.code)) this.#init.swarm.ban(peer, error)
    else peer.score.failed()
  }

  async #wait(swarm: Swarm, milliseconds: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#limited(Math.max(1, milliseconds), signal, limited => swarm.changed(limited))
    } catch (error) {
      signal.throwIfAborted()
      if (toPeerError(error).code !== 'TIMEOUT') throw error
    }
  }
}

function nextPeer(
  peers: readonly SwarmPeer[],
  askedAt: ReadonlyMap<SwarmPeer, number>,
  now: number
): SwarmPeer | undefined {
  const fresh = peers.find(peer => !askedAt.has(peer))
  return fresh ?? peers.find(peer => now - (askedAt.get(peer) ?? now) >= ASK_AGAIN)
}

function giveUp(last: PeerError | undefined): PeerError {
  return last?.code === 'KEY_DENIED' || last?.code === 'GRANT_INVALID' ? last : noHolders(last)
}

/** For when nobody who could be reached has anything of the video. */
export function noHolders(cause?: unknown): PeerError {
  const message = 'Nobody who holds this video can be reached. Check the ID, or ask the owner to be online.'
  return new PeerError('NO_HOLDERS', message, { cause })
}
