import type { CancelTimer, Clock } from '../clock.ts'
import type { Bitfield } from '../content/bitfield.ts'
import { sealedLength } from '../content/chunk-cipher.ts'
import type { Geometry } from '../content/geometry.ts'
import { PeerError, toPeerError } from '../errors.ts'
import { BusyError } from '../exchange/busy-error.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import type { PickStrategy } from '../strategy.ts'
import { countHolders } from './availability.ts'
import type { InFlightBudget } from './in-flight-budget.ts'
import { pickCancellations, pickRequests, type SwarmSnapshot } from './picker.ts'
import type { Playhead } from './playhead.ts'
import type { RateMeter } from './rate-meter.ts'
import type { Swarm } from './swarm.ts'
import { type ActiveRequest, type SwarmPeer, takenBack } from './swarm-peer.ts'

/** A holder that owes chunks and has sent nothing for so long is given up, in milliseconds. */
const SILENCE_DEADLINE = 30_000

/** A request is given up after this many milliseconds, and one more for each 4 bytes: the slowest rate that helps is 4 kB/s. */
const REQUEST_DEADLINE = 120_000
const SLOWEST_BYTES_PER_MILLISECOND = 4

/** Bytes that came and are not stored yet, beyond which no more is asked for: what waits long grows cold, and costs the collector. */
const MAX_UNSTORED_BYTES = 8 * 1024 * 1024

export interface TransferInit {
  clock: Clock
  random: Random
  strategy: PickStrategy
  log: Logger
  swarm: Swarm
  budget: InFlightBudget
  playhead: Playhead
  geometry: Geometry
  /**
   * What is to be stored of a chunk that a holder sent; undefined if its hash is not the manifest's leaf.
   * @throws PeerError CHUNK_INVALID when the hash is right and decrypting fails: the owner made it so
   */
  open(index: number, sealed: Uint8Array): Promise<Uint8Array | undefined>
  /** Chunks that are verified and stored. */
  have: Bitfield
  meter: RateMeter
  /** Writes a verified chunk and notes it in the journal. A rejection ends the transfer. */
  store(index: number, accepted: Uint8Array): Promise<void>
  /** Bytes that may be fetched beyond what players need; default: no bound. */
  spareBytes?(): number
  /** Chunks may be given up again: it goes on until it is stopped. */
  isEndless?: boolean
}

/**
 * Fetches the missing chunks of one video: asks the picker after each event, performs what it decides, verifies, decrypts and stores
 * what comes. A chunk counts as on its way until it is stored, which bounds what is held in memory.
 */
export class Transfer {
  readonly #init: TransferInit
  readonly #requests = new Set<ActiveRequest>()
  #finish: PromiseWithResolvers<void> | undefined
  #isPlanned = false
  #cancelTimer: CancelTimer | undefined
  readonly #storing = new Map<number, Promise<void>>()
  #availability = new Uint16Array()
  #availabilityVersion = -1
  #receivedBytes = 0
  #unstoredBytes = 0
  #storedBytes = 0
  /** Of chunks that another holder was quicker with, or that were given up for another. */
  #vainBytes = 0

  constructor(init: TransferInit) {
    this.#init = init
  }

  /** Chunks that were asked for and are not stored yet. */
  get requested(): Set<number> {
    return new Set([...this.#requests].map(request => request.index))
  }

  /**
   * Resolves when every chunk is stored. Once only.
   * @throws the signal's reason; what `store` rejects with; PeerError CHUNK_INVALID for a video that its owner sealed wrongly
   */
  async run(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const finish = Promise.withResolvers<void>()
    this.#finish = finish
    const onAbort = (): void => finish.reject(signal.reason)
    const stopListening = this.#init.budget.onRoom(() => this.plan())
    signal.addEventListener('abort', onAbort, { once: true })
    this.plan()
    try {
      await finish.promise
    } finally {
      this.#finish = undefined
      signal.removeEventListener('abort', onAbort)
      stopListening()
      await this.#stop()
    }
  }

  /** Something changed: decides again, once for all changes of this turn of the event loop. */
  plan(): void {
    if (this.#isPlanned || !this.#finish) return
    this.#isPlanned = true
    queueMicrotask(() => {
      this.#isPlanned = false
      if (this.#finish) this.#planNow()
    })
  }

  async #stop(): Promise<void> {
    this.#cancelTimer?.()
    for (const request of [...this.#requests]) request.cancel.abort(takenBack())
    await Promise.all(this.#storing.values())
    const spare = this.#receivedBytes - this.#storedBytes
    this.#init.log.debug(`${this.#receivedBytes} bytes of chunks came, ${spare} of them in vain`)
  }

  #planNow(): void {
    const { clock, random, strategy, have, isEndless = false } = this.#init
    if (have.isFull && !isEndless) {
      this.#finish?.resolve()
      return
    }
    const now = clock.monotonic()
    this.#dropSilentPeers(now)
    this.#relieveSnubbedPeers(now)
    if (this.#init.playhead.playing) {
      for (const { index, peerId } of pickCancellations(this.#snapshot(now), now)) this.#cancel(index, peerId)
    }
    for (const { index, peerId, insteadOf } of pickRequests(this.#snapshot(now), now, random, strategy)) {
      this.#ask(index, peerId)
      if (insteadOf !== undefined) this.#cancel(index, insteadOf)
    }
    this.#planLater(now)
  }

  #snapshot(now: number): SwarmSnapshot {
    const { swarm, geometry, have, playhead, meter } = this.#init
    const { peers } = swarm
    return {
      geometry,
      have,
      availability: this.#availabilityOf(peers),
      peers: peers.map(peer => peer.snapshot(now)),
      requests: [...this.#requests].map(({ peer, index, length, received, requestedAt }) => ({
        index,
        peerId: peer.peerId,
        length,
        received,
        requestedAt
      })),
      wanted: playhead.wanted(now),
      index: playhead.missingIndex,
      playing: playhead.playing,
      downloadRate: meter.bytesPerSecond,
      freeBytes: this.#freeBytes,
      spareBytes: this.#init.spareBytes?.() ?? Number.POSITIVE_INFINITY,
      vainBytes: this.#vainBytes
    }
  }

  #availabilityOf(peers: readonly SwarmPeer[]): Uint16Array {
    const { swarm, have } = this.#init
    if (this.#availabilityVersion !== swarm.version) {
      this.#availabilityVersion = swarm.version
      const sets = peers.map(peer => peer.session.have)
      this.#availability = countHolders(sets, have.length)
    }
    return this.#availability
  }

  #dropSilentPeers(now: number): void {
    for (const peer of this.#init.swarm.peers) {
      const since = peer.silentSince
      if (since === undefined || now - since < SILENCE_DEADLINE) continue
      peer.score.failed()
      this.#init.swarm.drop(peer, new PeerError('TIMEOUT', 'A holder sent nothing for half a minute.'))
    }
  }

  /** A holder that fell silent keeps one request; the others go to whoever answers. */
  #relieveSnubbedPeers(now: number): void {
    for (const peer of this.#init.swarm.peers) {
      if (!peer.isSnubbed(now)) continue
      const [, ...waiting] = [...peer.requests.values()].filter(({ received }) => received === 0)
      for (const request of waiting) request.cancel.abort(takenBack())
    }
  }

  #cancel(index: number, peerId: string): void {
    for (const request of [...this.#requests]) {
      if (request.index === index && request.peer.peerId === peerId) request.cancel.abort(takenBack())
    }
  }

  #ask(index: number, peerId: string): void {
    const peer = this.#init.swarm.peers.find(candidate => candidate.peerId === peerId)
    const length = sealedLength(this.#init.geometry, index)
    if (!peer?.session.canRequest(length) || peer.requests.has(index)) return
    const request: ActiveRequest = {
      peer,
      index,
      length,
      requestedAt: this.#init.clock.monotonic(),
      cancel: new AbortController(),
      received: 0
    }
    void this.#perform(request)
  }

  async #perform(request: ActiveRequest): Promise<void> {
    this.#begin(request)
    const sealed = await this.#receive(request).catch((error: unknown) => this.#noteFailure(request, error))
    if (sealed) await this.#keep(request, sealed)
    this.#end(request)
    if (!this.#init.have.has(request.index) || this.#isStoringAwaited()) this.plan()
  }

  /**
   * Its holder was asked for more when the chunk came: that it is stored tells something new only at the end, or when room was short, as it
   * always is while a player is attached.
   */
  #isStoringAwaited(): boolean {
    const { have, geometry, isEndless, playhead } = this.#init
    if (have.isFull || isEndless || playhead.playing) return true
    return this.#freeBytes < 2 * sealedLength(geometry, 0)
  }

  /** Bytes that may still be asked for. */
  get #freeBytes(): number {
    return Math.max(0, Math.min(this.#init.budget.free, MAX_UNSTORED_BYTES - this.#unstoredBytes))
  }

  async #receive(request: ActiveRequest): Promise<Uint8Array> {
    const { peer, index, length, cancel } = request
    const deadline = this.#init.clock.after(REQUEST_DEADLINE + length / SLOWEST_BYTES_PER_MILLISECOND, () =>
      cancel.abort(new PeerError('TIMEOUT', 'A holder was too slow with a chunk.'))
    )
    peer.score.requested()
    try {
      return await peer.session.request(index, length, {
        signal: cancel.signal,
        onProgress: received => this.#noteProgress(request, received)
      })
    } finally {
      deadline()
      peer.score.settled()
      peer.requests.delete(index)
    }
  }

  #noteProgress(request: ActiveRequest, received: number): void {
    const bytes = received - request.received
    request.received = received
    this.#receivedBytes += bytes
    request.peer.score.received(bytes)
    this.#init.meter.add(bytes)
  }

  /** Verifies and stores what came. Copies of one chunk one after the other, so that it is written once. Never rejects. */
  async #keep(request: ActiveRequest, sealed: Uint8Array): Promise<void> {
    const { index, length, peer } = request
    request.received = length
    this.#unstoredBytes += length
    this.plan()
    for (let other = this.#storing.get(index); other; other = this.#storing.get(index)) await other
    const storing = this.#verifyAndStore(request, sealed).catch((error: unknown) =>
      this.#finish?.reject(toPeerError(error))
    )
    this.#storing.set(index, storing)
    await storing
    this.#storing.delete(index)
    this.#unstoredBytes -= length
    peer.session.recycle?.(sealed)
  }

  /** @throws what no other holder could make good */
  async #verifyAndStore(request: ActiveRequest, sealed: Uint8Array): Promise<void> {
    const { have, swarm, clock, store } = this.#init
    const { peer, index } = request
    if (have.has(index)) this.#vainBytes += request.length
    if (have.has(index) || !this.#finish) return
    const accepted = await this.#open(index, sealed)
    if (!accepted) {
      swarm.ban(peer, new PeerError('CHUNK_INVALID', `Chunk ${index} did not match the video's hash.`))
      return
    }
    peer.score.verified(clock.monotonic() - request.requestedAt)
    this.#takeBackCopies(request)
    this.#storedBytes += request.length
    await store(index, accepted)
  }

  async #open(index: number, sealed: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return await this.#init.open(index, sealed)
    } catch (cause) {
      const message = 'The owner shared this video damaged. Ask for it to be shared again.'
      throw new PeerError('CHUNK_INVALID', message, { cause })
    }
  }

  #takeBackCopies(winner: ActiveRequest): void {
    for (const request of [...this.#requests]) {
      if (request.index === winner.index && request !== winner) request.cancel.abort(takenBack())
    }
  }

  #noteFailure(request: ActiveRequest, error: unknown): undefined {
    const { swarm, log } = this.#init
    const { peer, index, cancel } = request
    const reason = toPeerError(error)
    if (cancel.signal.aborted && reason.code === 'ABORTED') {
      this.#vainBytes += request.received
      return
    }
    log.debug(`Chunk ${index} did not come from ${peer.peerId}: ${reason.code}`)
    if (error instanceof BusyError) peer.score.busy(error.retryAfter)
    else if (reason.code === 'BUSY') peer.score.busy()
    else if (reason.code === 'CHUNK_UNAVAILABLE') peer.score.refused(index)
    else if (reason.code === 'CHUNK_INVALID') swarm.ban(peer, reason)
    else this.#dropFailed(peer, reason)
  }

  #dropFailed(peer: SwarmPeer, reason: PeerError): void {
    peer.score.failed()
    this.#init.swarm.drop(peer, reason)
  }

  #begin(request: ActiveRequest): void {
    this.#requests.add(request)
    request.peer.requests.set(request.index, request)
    this.#init.budget.take(request.length)
  }

  #end(request: ActiveRequest): void {
    this.#requests.delete(request)
    this.#init.budget.give(request.length)
  }

  /** Plans again when a holder may be asked again, or has been silent too long. */
  #planLater(now: number): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const times = this.#init.swarm.peers.flatMap(peer => nextTimes(peer)).filter(time => time > now)
    if (times.length === 0) return
    this.#cancelTimer = this.#init.clock.after(Math.max(1, Math.min(...times) - now), () => this.plan())
  }
}

function nextTimes(peer: SwarmPeer): number[] {
  const since = peer.silentSince
  const times = [peer.score.busyUntil, peer.snubbedAt, peer.score.refusalEndsAt]
  if (since !== undefined) times.push(since + SILENCE_DEADLINE)
  return times.filter(time => time !== undefined)
}
