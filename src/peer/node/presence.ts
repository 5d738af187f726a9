import type { Failure, PeerState, PeerStatus } from '../api.ts'
import type { CancelTimer, Clock } from '../clock.ts'
import { PeerError, toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { parseBootstrapAddress } from './bootstrap-address.ts'
import type { Network } from './network.ts'
import type { TrafficBook } from './traffic-book.ts'

/** A ring that cannot be joined within this is given up. Milliseconds. */
const JOIN_DEADLINE = 20_000
/** What good-byes to the ring may take: the user's shell waits. Milliseconds. */
const LEAVE_DEADLINE = 1_500
/** … and while another window waits to take over. */
const HURRIED_LEAVE_DEADLINE = 300
/** Rates are looked at this often while joined. Milliseconds. */
const STATUS_INTERVAL = 1_000
/** Changes of the ring and of connections are gathered for so long. Milliseconds. */
const CHANGE_INTERVAL = 100

export interface PresenceInit {
  peerId: string
  dataFolder: string
  /** See `PeerStatus.notice`. */
  notice?: string | undefined
  clock: Clock
  traffic: TrafficBook
  log: Logger
  /** Listens. Rejects with PORT_IN_USE or HOST_UNAVAILABLE. */
  startNetwork(): Promise<Network>
  /** The network is there: announce, resume. */
  onJoined(): Promise<void>
  /** The network is about to go. */
  onLeaving(): Promise<void>
  onStatus(status: PeerStatus): void
}

/** Whether this peer is in a ring, on its way there, or not: joins and leaves, one after another. */
export class Presence {
  readonly #init: PresenceInit
  readonly #joining = new Set<AbortController>()
  #network: Network | undefined
  #state: PeerState = 'stopped'
  #stage: string | undefined
  #failure: Failure | undefined
  #changing: Promise<unknown> = Promise.resolve()
  #cancelTick: CancelTimer | undefined
  #shown = ''
  #isShowing = false

  constructor(init: PresenceInit) {
    this.#init = init
  }

  /** There from the moment that this peer listens, until it leaves. */
  get network(): Network | undefined {
    return this.#network
  }

  /** @throws PeerError NOT_JOINED */
  requireNetwork(): Network {
    if (!this.#network) throw new PeerError('NOT_JOINED', 'This peer is in no network. Join one first.')
    return this.#network
  }

  status(): PeerStatus {
    const { peerId, dataFolder, notice, traffic } = this.#init
    const network = this.#network
    const gossip = network?.hints.snapshot
    return {
      state: this.#state,
      ...(this.#stage ? { stage: this.#stage } : {}),
      ...(this.#failure ? { failure: this.#failure } : {}),
      ...(notice ? { notice } : {}),
      peerId,
      dataFolder,
      addresses: network?.addresses ?? [],
      ...(network ? { ring: network.ring } : {}),
      ...(gossip ? { gossip } : {}),
      uploadBytesPerSecond: traffic.total.sent.bytesPerSecond,
      downloadBytesPerSecond: traffic.total.received.bytesPerSecond,
      sentBytes: traffic.sentBytes,
      receivedBytes: traffic.receivedBytes,
      connections: network?.connections ?? 0,
      ...(network ? { pool: { ...network.pool } } : {})
    }
  }

  /** Listens and joins; where this peer is in a ring already, meets the peers at these addresses. */
  join(bootstrap: readonly string[], signal?: AbortSignal): Promise<PeerStatus> {
    const joining = new AbortController()
    this.#joining.add(joining)
    return this.#inTurn(async () => {
      const deadline = AbortSignal.timeout(JOIN_DEADLINE)
      const signals = [joining.signal, deadline, ...(signal ? [signal] : [])]
      try {
        await this.#join(bootstrap, AbortSignal.any(signals))
        return this.status()
      } finally {
        this.#joining.delete(joining)
      }
    })
  }

  /**
   * Leaves; a join under way is broken off.
   * @param hurry somebody waits to take over: good-byes get little time
   */
  leave(hurry = false): Promise<void> {
    for (const joining of this.#joining) joining.abort(new PeerError('ABORTED', 'The peer is leaving.'))
    return this.#inTurn(() => this.#leave(hurry ? HURRIED_LEAVE_DEADLINE : LEAVE_DEADLINE))
  }

  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const turn = this.#changing.then(change)
    // Whoever called hears of a failure; the next in turn does not.
    this.#changing = turn.then(
      () => undefined,
      () => undefined
    )
    return turn
  }

  async #join(bootstrap: readonly string[], signal: AbortSignal): Promise<void> {
    const wasJoined = this.#state === 'joined'
    try {
      signal.throwIfAborted()
      const addresses = bootstrap.map(parseBootstrapAddress)
      if (!wasJoined) this.#move('starting', 'Opening the port')
      const network = this.#network ?? (await this.#listen())
      await network.join(addresses, stage => this.#move(this.#state, stage), signal)
      this.#move('joined')
      if (!wasJoined) await this.#init.onJoined()
    } catch (error) {
      const failure = toPeerError(error)
      this.#init.log.error('joining failed', failure)
      if (!wasJoined) await this.#fail(failure)
      throw failure
    }
  }

  async #listen(): Promise<Network> {
    const network = await this.#init.startNetwork()
    this.#network = network
    network.events.on('changed', () => this.#showSoon())
    this.#tick()
    this.#show()
    return network
  }

  async #leave(deadline: number): Promise<void> {
    if (!this.#network) return
    await this.#stopNetwork(deadline)
    this.#move('stopped')
  }

  async #fail({ code, message }: PeerError): Promise<void> {
    await this.#stopNetwork(HURRIED_LEAVE_DEADLINE)
    this.#failure = { code, message }
    this.#move(code === 'ABORTED' ? 'stopped' : 'failed')
  }

  // Whatever hangs, a peer that leaves is gone by the deadline.
  async #stopNetwork(deadline: number): Promise<void> {
    this.#cancelTick?.()
    const network = this.#network
    if (!network) return
    this.#network = undefined
    const parts = [this.#init.onLeaving(), network.stop(deadline)]
    for (const result of await Promise.allSettled(parts)) {
      if (result.status === 'rejected') this.#init.log.warn('leaving was not clean', result.reason)
    }
  }

  #move(state: PeerState, stage?: string): void {
    this.#state = state
    this.#stage = state === 'starting' ? stage : undefined
    if (state !== 'failed') this.#failure = undefined
    this.#show()
  }

  #tick(): void {
    this.#cancelTick = this.#init.clock.after(STATUS_INTERVAL, () => {
      this.#show()
      this.#tick()
    })
  }

  #showSoon(): void {
    if (this.#isShowing) return
    this.#isShowing = true
    this.#init.clock.after(CHANGE_INTERVAL, () => {
      this.#isShowing = false
      this.#show()
    })
  }

  #show(): void {
    const status = this.status()
    const text = JSON.stringify(status)
    if (text === this.#shown) return
    this.#shown = text
    this.#init.onStatus(status)
  }
}
