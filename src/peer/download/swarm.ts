import { type CancelTimer, type Clock, sleep } from '../clock.ts'
import type { IndexRange } from '../content/bitfield.ts'
import { PeerError, toPeerError } from '../errors.ts'
import type { Unsubscribe } from '../event-emitter.ts'
import type { BanList } from '../exchange/ban-list.ts'
import { withDeadline } from '../exchange/deadline.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import { backoff } from './backoff.ts'
import type { Holder, HolderNews, HolderSession } from './chunk-holder.ts'
import { type Candidate, HolderCandidates } from './holder-candidates.ts'
import type { ReputationBook } from './reputation.ts'
import { SwarmPeer, takenBack } from './swarm-peer.ts'

/** Holders of one video that are connected at once. */
const MAX_PEERS = 12

/** Peers that one holder may tell of while it is connected. */
const MAX_INTRODUCED = 64

/**
 * When all places are taken, a holder that has nothing which is missing makes room for one that waits. Without that the first peers of
 * a crowd keep to themselves, and what the others have never reaches them. Looked at so often, and such a holder is left alone for so
 * long, in milliseconds.
 */
const TURNOVER_INTERVAL = 1000
const TURNOVER_PAUSE = 10_000

/** Milliseconds for one search, and for one session to open. */
const SEARCH_DEADLINE = 30_000
const OPEN_DEADLINE = 15_000

/** While nothing is lacking, holders are looked for this often, in milliseconds. */
const IDLE_SEARCH_INTERVAL = 60_000

export interface SwarmComponents {
  clock: Clock
  random: Random
  log: Logger
  bans: BanList
  /** What holders have been like before; without it, all begin as unknown. */
  reputations?: ReputationBook
  /** One search for holders, each told as it is found. */
  findHolders(signal: AbortSignal): AsyncIterable<Holder>
  /** Absent: holders are found by searches alone. */
  news?: HolderNews
  openSession(holder: Holder, signal: AbortSignal): Promise<HolderSession>
  /** Of the peers that a holder tells of, those that may be dialled from here, at the addresses that may. None without it. */
  dialable?(holders: readonly Holder[]): Promise<readonly Holder[]>
}

export interface SwarmInit {
  /** Whether holders are lacking: nobody is connected, or a missing chunk is held by none of them. */
  isLacking: () => boolean
  /** Missing chunks that nobody connected holds; none where it is unknown which there are. */
  unheld: () => IndexRange[]
  /** Whether a holder has something that is missing here. */
  isUseful?: (peer: SwarmPeer) => boolean
  /** Holders came or went, or have more than before. */
  onChange: () => void
}

/**
 * The connected holders of one video. Looks for holders, and again with growing pauses while some are lacking; dials them;
 * dials those again that were lost.
 */
export class Swarm {
  readonly #components: SwarmComponents
  readonly #init: SwarmInit
  readonly #candidates: HolderCandidates
  readonly #peers = new Set<SwarmPeer>()
  readonly #stopping = new AbortController()
  readonly #waiters = new Set<() => void>()
  #cancelRetry: CancelTimer | undefined
  #cancelTurnover: CancelTimer | undefined
  #unlisten: Unsubscribe | undefined
  #pause: AbortController | undefined
  #fruitlessSearches = 0
  #version = 0

  constructor(components: SwarmComponents, init: SwarmInit) {
    this.#components = components
    this.#init = init
    this.#candidates = new HolderCandidates(components.clock, components.random)
  }

  /** Connected holders that have not been banned, in the order in which they came. */
  get peers(): SwarmPeer[] {
    return [...this.#peers].filter(peer => !this.#components.bans.isBanned(peer.peerId))
  }

  /** A holder is being dialled: it may help in a moment. */
  get isDialling(): boolean {
    return this.#candidates.dialling > 0
  }

  /** Grows whenever holders came or went, or have more than before. */
  get version(): number {
    return this.#version
  }

  /** Begins to look for holders. Once only. */
  start(): void {
    this.#unlisten = this.#components.news?.listen({
      found: holder => this.#hear(holder),
      gone: peerId => this.#leaves(peerId)
    })
    void this.#searchAgainAndAgain()
  }

  /** Ends searches, dials and sessions. */
  async stop(): Promise<void> {
    this.#stopping.abort(new PeerError('ABORTED', 'The download stopped.'))
    this.#cancelRetry?.()
    this.#cancelTurnover?.()
    this.#unlisten?.()
    const peers = [...this.#peers]
    this.#peers.clear()
    await Promise.all(peers.map(peer => this.#close(peer)))
    this.#changed()
  }

  /** Ends the session with a holder that failed; it is dialled again after a pause. */
  drop(peer: SwarmPeer, reason: PeerError): void {
    if (!this.#peers.delete(peer)) return
    this.#components.log.debug(`Lost holder ${peer.peerId}: ${reason.code}`)
    const candidate = this.#candidates.get(peer.peerId)
    if (candidate) {
      if (peer.score.hasDelivered) candidate.failures = 0
      this.#noteFailure(candidate)
    }
    void this.#close(peer)
    this.#changed()
  }

  /** Ends the session with a holder that sent something wrong, and does not ask it again. */
  ban(peer: SwarmPeer, reason: PeerError): void {
    this.#components.log.warn(`Banned holder ${peer.peerId}`, reason)
    this.#components.bans.ban(peer.peerId)
    this.#candidates.delete(peer.peerId)
    this.drop(peer, reason)
    this.#dialNext()
  }

  /** Ends the long pause between searches when holders are lacking by now; the growing pauses are kept. */
  searchIfLacking(): void {
    if (this.#fruitlessSearches === 0 && this.#init.isLacking()) this.#pause?.abort()
  }

  /** Resolves at the next change: a holder came or went, or has more, or a search ended. */
  changed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        signal.removeEventListener('abort', onAbort)
        this.#waiters.delete(onChange)
      }
      const onChange = (): void => {
        finish()
        resolve()
      }
      const onAbort = (): void => {
        finish()
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiters.add(onChange)
    })
  }

  async #searchAgainAndAgain(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      if (this.#init.isLacking()) this.#components.news?.ask(this.#init.unheld())
      await this.#search(signal)
      if (signal.aborted) return
      this.#fruitlessSearches = this.#init.isLacking() ? this.#fruitlessSearches + 1 : 0
      const pause = this.#fruitlessSearches > 0 ? backoff(this.#fruitlessSearches) : IDLE_SEARCH_INTERVAL
      await this.#sleepUnlessWoken(pause)
    }
  }

  async #search(signal: AbortSignal): Promise<void> {
    const { clock, log, findHolders } = this.#components
    try {
      await withDeadline(clock, SEARCH_DEADLINE, signal, async limited => {
        for await (const holder of findHolders(limited)) {
          if (limited.aborted) return
          this.#add(holder)
        }
      })
    } catch (error) {
      if (!signal.aborted) log.debug(`A search for holders failed: ${toPeerError(error).message}`)
    }
    this.#changed()
  }

  #add(holder: Holder, isHinted = false): void {
    if (this.#components.bans.isBanned(holder.peerId)) return
    this.#candidates.add(holder, isHinted)
    this.#dialNext()
  }

  /** A holder said what it has. */
  #hear(holder: Holder): void {
    if (this.#stopping.signal.aborted) return
    this.#candidates.revive(holder.peerId)
    this.#add(holder, true)
  }

  #leaves(peerId: string): void {
    if (this.#candidates.leaves(peerId)) this.#components.log.debug(`Holder ${peerId} says that it goes`)
  }

  /** Adds holders that another one told of. Never rejects. */
  async #meet(holders: readonly Holder[]): Promise<void> {
    try {
      const dialable = (await this.#components.dialable?.(holders)) ?? []
      if (this.#stopping.signal.aborted) return
      for (const holder of dialable) if (!this.#candidates.get(holder.peerId)) this.#add(holder)
    } catch (error) {
      this.#components.log.debug(`Peers that a holder told of are left out: ${toPeerError(error).message}`)
    }
  }

  async #sleepUnlessWoken(milliseconds: number): Promise<void> {
    const pause = new AbortController()
    this.#pause = pause
    const wake = (): void => pause.abort()
    this.#stopping.signal.addEventListener('abort', wake, { once: true })
    // Being woken early is the point: it looks again at once.
    await sleep(this.#components.clock, milliseconds, pause.signal).catch(() => undefined)
    this.#stopping.signal.removeEventListener('abort', wake)
  }

  #dialNext(): void {
    const isFull = (): boolean => this.#peers.size + this.#candidates.dialling >= MAX_PEERS
    while (!isFull()) {
      const next = this.#candidates.nextToDial()
      if (!next) break
      void this.#dial(next)
    }
    if (isFull()) this.#turnOverLater()
    else if (!this.#candidates.isBusy) this.#scheduleRetry()
  }

  #turnOverLater(): void {
    if (!this.#candidates.isAnyIdle || this.#cancelTurnover || this.#stopping.signal.aborted) return
    this.#cancelTurnover = this.#components.clock.after(TURNOVER_INTERVAL, () => {
      this.#cancelTurnover = undefined
      this.#turnOver()
      this.#dialNext()
    })
  }

  #turnOver(): void {
    if (!this.#candidates.isAnyDue || this.#peers.size < MAX_PEERS) return
    const useless = this.peers.find(peer => peer.requests.size === 0 && this.#init.isUseful?.(peer) === false)
    if (!useless) return
    this.#components.log.debug(
      `Holder ${useless.peerId} has nothing that is missing: another one gets its place`
    )
    this.#peers.delete(useless)
    this.#candidates.rest(useless.peerId, TURNOVER_PAUSE)
    void this.#close(useless)
    this.#changed()
  }

  async #dial(candidate: Candidate): Promise<void> {
    const { clock, log, openSession } = this.#components
    const { signal } = this.#stopping
    candidate.state = 'dialling'
    try {
      const session = await withDeadline(clock, OPEN_DEADLINE, signal, limited =>
        openSession(candidate.holder, limited)
      )
      if (signal.aborted) return void (await session.close())
      // It may have ended before anybody listened.
      if (session.closed) throw new PeerError('PEER_UNREACHABLE', 'A holder closed the stream at once.')
      this.#connect(candidate, session)
    } catch (error) {
      if (signal.aborted) return
      log.debug(`Holder ${candidate.holder.peerId} cannot be reached: ${toPeerError(error).message}`)
      this.#noteFailure(candidate)
    }
    this.#dialNext()
  }

  #connect(candidate: Candidate, session: HolderSession): void {
    const { clock, reputations } = this.#components
    const { holder } = candidate
    const peer = new SwarmPeer(holder, session, clock, reputations?.of(holder.peerId))
    candidate.state = 'connected'
    this.#peers.add(peer)
    this.#fruitlessSearches = 0
    let introduced = 0
    peer.listen({
      onHave: () => this.#changed(),
      onOffer: () => this.#init.onChange(),
      onPeers: holders => {
        introduced += holders.length
        if (introduced <= MAX_INTRODUCED) void this.#meet(holders)
      },
      onClose: () => this.drop(peer, new PeerError('PEER_UNREACHABLE', 'A holder closed the stream.'))
    })
    this.#components.log.debug(`Connected to holder ${peer.peerId}`)
    this.#changed()
  }

  #noteFailure(candidate: Candidate): void {
    this.#candidates.noteFailure(candidate)
    this.#scheduleRetry()
  }

  #scheduleRetry(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    const delay = this.#candidates.untilRetry
    if (delay === undefined || this.#stopping.signal.aborted) return
    this.#cancelRetry = this.#components.clock.after(delay, () => this.#dialNext())
  }

  async #close(peer: SwarmPeer): Promise<void> {
    for (const request of [...peer.requests.values()]) request.cancel.abort(takenBack())
    try {
      await peer.close()
    } catch (error) {
      this.#components.log.debug(`Closing a session failed: ${toPeerError(error).message}`)
    }
  }

  #changed(): void {
    this.#version++
    for (const resolve of [...this.#waiters]) resolve()
    this.#init.onChange()
  }
}
