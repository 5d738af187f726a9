import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { CancelTimer, Clock } from '../clock.ts'
import { PeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { DEFAULT_IDLE_SECONDS, DEFAULT_MAX_CONNECTIONS } from '../settings.ts'
import type { Switch } from '../strategy.ts'
import type { BanList } from './ban-list.ts'
import { abortable, withDeadline } from './deadline.ts'
import { dialAddresses } from './dial-addresses.ts'
import type { OpenStreamOptions, PeerTarget } from './open-stream.ts'
import { raceCandidates } from './race-candidates.ts'

const DIAL_MILLISECONDS = 10_000
const OPEN_STREAM_MILLISECONDS = 10_000
/** Addresses of one peer that are dialled at once. */
const PARALLEL_ADDRESSES = 4
/** libp2p's default of 64 is for each connection and protocol. */
const MAX_OUTBOUND_STREAMS = 100
/** Streams of these protocols are conversations; others, such as gossip's, stay open without meaning anything. */
const OWN_PROTOCOLS = '/chordcast/'

/** What the pool needs of a libp2p node. */
export type PoolNode = Pick<
  Libp2p,
  'peerId' | 'dial' | 'getConnections' | 'addEventListener' | 'removeEventListener' | 'metrics'
>

export interface ConnectionPoolInit {
  libp2p: PoolNode
  /** Connections open at once, in both directions. */
  maxConnections?: number
  /** A connection with no conversation for so long is closed. */
  idleMilliseconds?: number
  sweepInterval?: number
  /** `off`, to measure what the pool is worth: each stream has a connection of its own, and none is closed for being idle. */
  pooling?: Switch
  /** Peers whose connections stay: ring neighbours, fingers in use, mesh peers. */
  spare(peerId: string): boolean
  bans: BanList
  clock: Clock
  log: Logger
}

/** Counted since the pool was made. */
export interface ConnectionCounters {
  opened: number
  reused: number
  failed: number
  /** Closed because they were idle. */
  swept: number
  /** Closed or refused because there were too many. */
  pruned: number
}

/** The connections of this peer: dialled when needed, shared by all streams to a peer, closed when idle. */
export class ConnectionPool {
  readonly counters: ConnectionCounters = { opened: 0, reused: 0, failed: 0, swept: 0, pruned: 0 }
  readonly #init: Required<ConnectionPoolInit>
  readonly #dials = new Map<string, Promise<Connection>>()
  readonly #activeAt = new WeakMap<Connection, number>()
  readonly #stopping = new AbortController()
  #cancelSweep: CancelTimer | undefined

  constructor(init: ConnectionPoolInit) {
    this.#init = {
      maxConnections: DEFAULT_MAX_CONNECTIONS,
      idleMilliseconds: DEFAULT_IDLE_SECONDS * 1000,
      sweepInterval: 30_000,
      pooling: 'on',
      ...init
    }
  }

  /** Connections open now. */
  get size(): number {
    return this.#connections().length
  }

  /** Begins to sweep and to keep the cap. */
  start(): void {
    this.#init.libp2p.addEventListener('connection:open', this.#onOpen)
    this.#init.libp2p.metrics?.registerMetricGroup('chordcast_pool_connections', {
      label: 'what',
      help: 'Connections that are open, and that were opened, reused, swept, pruned',
      calculate: () => ({ ...this.counters, open: this.size })
    })
    if (this.#init.pooling === 'on') this.#scheduleSweep()
  }

  /** Ends dials under way; connections are the node's to close. */
  stop(): void {
    this.#stopping.abort(new PeerError('ABORTED', 'This peer is leaving.'))
    this.#init.libp2p.removeEventListener('connection:open', this.#onOpen)
    this.#cancelSweep?.()
  }

  /**
   * Opens a stream over the peer's connection, dialling if there is none.
   * @throws PeerError PEER_UNREACHABLE, BUSY, TIMEOUT; the signal's reason when aborted
   */
  async openStream(target: PeerTarget, protocol: string, options: OpenStreamOptions): Promise<Stream> {
    const connection = await this.connect(target, options)
    this.#activeAt.set(connection, this.#init.clock.monotonic())
    try {
      return await withDeadline(this.#init.clock, OPEN_STREAM_MILLISECONDS, options.signal, signal =>
        connection.newStream(protocol, {
          signal,
          maxOutboundStreams: MAX_OUTBOUND_STREAMS,
          runOnLimitedConnection: options.allowLimited ?? false
        })
      )
    } catch (cause) {
      options.signal.throwIfAborted()
      throw unreachable(cause)
    }
  }

  /**
   * A connection to this peer: one that is open, or the first of its addresses that answers as this peer.
   * @throws PeerError PEER_UNREACHABLE, BUSY, TIMEOUT; the signal's reason when aborted
   */
  connect(target: PeerTarget, options: OpenStreamOptions): Promise<Connection> {
    options.signal.throwIfAborted()
    if (this.#init.pooling === 'off') return abortable(this.#dial(target), options.signal)
    const open = this.#openConnection(target.peerId, options.allowLimited ?? false)
    if (open) {
      this.counters.reused++
      return Promise.resolve(open)
    }
    return abortable(this.#sharedDial(target), options.signal)
  }

  /** Keeps a connection from being idle: called for conversations that come and go between two sweeps. */
  touch(peerId: string): void {
    const now = this.#init.clock.monotonic()
    for (const connection of this.#connections(peerId)) this.#activeAt.set(connection, now)
  }

  /** Closes what is idle. Runs by itself each `sweepInterval`. */
  sweep(): void {
    const now = this.#init.clock.monotonic()
    for (const connection of this.#connections()) {
      if (!this.#isClosable(connection)) this.#activeAt.set(connection, now)
      else if (this.#idleFor(connection, now) >= this.#init.idleMilliseconds) {
        this.counters.swept++
        this.#close(connection)
      }
    }
    this.#logCounters()
  }

  #logCounters(): void {
    const { opened, reused, failed, swept, pruned } = this.counters
    const dials = `${opened} opened, ${reused} reused, ${failed} failed`
    this.#init.log.debug(`${this.size} connections; ${dials}, ${swept} swept, ${pruned} pruned`)
  }

  #connections(peerId?: string): Connection[] {
    const { libp2p } = this.#init
    const connections = libp2p.getConnections(peerId === undefined ? undefined : peerIdFromString(peerId))
    return connections.filter(connection => connection.status === 'open')
  }

  #openConnection(peerId: string, allowLimited: boolean): Connection | undefined {
    const connections = this.#connections(peerId)
    const direct = connections.find(connection => connection.limits === undefined)
    return direct ?? (allowLimited ? connections[0] : undefined)
  }

  // Whoever asks first starts the dial; it goes on for the others when the first gives up.
  #sharedDial(target: PeerTarget): Promise<Connection> {
    const underWay = this.#dials.get(target.peerId)
    if (underWay) return underWay
    const dial = this.#dial(target).finally(() => this.#dials.delete(target.peerId))
    this.#dials.set(target.peerId, dial)
    return dial
  }

  async #dial(target: PeerTarget): Promise<Connection> {
    const { bans, clock, log } = this.#init
    if (bans.isBanned(target.peerId)) throw unreachable(new Error('banned'))
    this.#makeRoom()
    try {
      const connection = await withDeadline(clock, DIAL_MILLISECONDS, this.#stopping.signal, signal =>
        this.#dialAny(target, signal)
      )
      this.counters.opened++
      return connection
    } catch (cause) {
      this.counters.failed++
      log.debug(`Dialling ${target.peerId} failed: ${describe(cause)}`)
      throw unreachable(cause)
    }
  }

  #dialAny(target: PeerTarget, signal: AbortSignal): Promise<Connection> {
    const { libp2p, pooling } = this.#init
    const force = pooling === 'off'
    const addresses = dialAddresses(target)
    if (addresses.length === 0) return libp2p.dial(peerIdFromString(target.peerId), { signal, force })
    return raceCandidates(addresses, {
      parallel: PARALLEL_ADDRESSES,
      signal,
      attempt: async (address, raceSignal) => {
        const connection = await libp2p.dial(address, { signal: raceSignal, force })
        if (connection.remotePeer.toString() === target.peerId) return connection
        connection.abort(new Error('another peer answers there'))
        throw new Error('another peer answers there')
      },
      discard: connection => this.#close(connection)
    })
  }

  #makeRoom(): void {
    if (this.size < this.#init.maxConnections) return
    this.counters.pruned++
    const idle = this.#longestIdle()
    if (!idle) {
      throw new PeerError('BUSY', 'This peer has as many connections as it may. Try again in a moment.')
    }
    this.#close(idle)
  }

  readonly #onOpen = ({ detail: connection }: CustomEvent<Connection>): void => {
    this.#activeAt.set(connection, this.#init.clock.monotonic())
    if (connection.direction === 'outbound' || this.size <= this.#init.maxConnections) return
    this.counters.pruned++
    const idle = this.#longestIdle()
    if (idle) this.#close(idle)
    else if (!this.#init.spare(connection.remotePeer.toString())) this.#close(connection)
  }

  #longestIdle(): Connection | undefined {
    const now = this.#init.clock.monotonic()
    const closable = this.#connections().filter(
      connection => this.#isClosable(connection) && this.#idleFor(connection, now) > 0
    )
    return closable.sort((a, b) => this.#idleFor(b, now) - this.#idleFor(a, now))[0]
  }

  #isClosable(connection: Connection): boolean {
    const isTalking = connection.streams.some(stream => stream.protocol.startsWith(OWN_PROTOCOLS))
    return !isTalking && !this.#init.spare(connection.remotePeer.toString())
  }

  #idleFor(connection: Connection, now: number): number {
    const activeAt = this.#activeAt.get(connection)
    if (activeAt !== undefined) return now - activeAt
    this.#activeAt.set(connection, now)
    return 0
  }

  #close(connection: Connection): void {
    connection.close().catch(error => {
      this.#init.log.debug(`Closing a connection failed: ${describe(error)}`)
      connection.abort(error instanceof Error ? error : new Error(String(error)))
    })
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#init.clock.after(this.#init.sweepInterval, () => {
      this.sweep()
      this.#scheduleSweep()
    })
  }
}

function describe(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(describe).join('; ')
  return cause instanceof Error ? cause.message : String(cause)
}

function unreachable(cause: unknown): PeerError {
  if (cause instanceof PeerError) return cause
  return new PeerError(
    'PEER_UNREACHABLE',
    'A peer cannot be reached. Another peer, or trying later, helps.',
    {
      cause
    }
  )
}
