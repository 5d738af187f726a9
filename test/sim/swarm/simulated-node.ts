import type { Connection, PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../../../src/peer/clock.ts'
import { BanList } from '../../../src/peer/exchange/ban-list.ts'
import { DEFAULT_CHUNK_SERVER_LIMITS } from '../../../src/peer/exchange/chunk-server.ts'
import { ConnectionPool, type PoolNode } from '../../../src/peer/exchange/connection-pool.ts'
import { TransferSlots } from '../../../src/peer/exchange/transfer-slots.ts'
import type { Logger } from '../../../src/peer/log.ts'
import type { Switch } from '../../../src/peer/strategy.ts'
import type { SimulatedChannel } from './simulated-channel.ts'
import { SimulatedConnection } from './simulated-connection.ts'
import { Host, type Line, roundTrip, type SimulatedNetwork, unreachable } from './simulated-network.ts'

/** Round trips of a new connection: TCP, choice of the encrypter, TLS 1.3 with choice of the muxer, identify. */
const CONNECTION_ROUND_TRIPS = 4
/** Milliseconds that both ends reckon for a new connection, RSA-2048 above all. */
const CONNECTION_CPU_MILLISECONDS = 6
/** Messages and bytes that both ends send for it, certificates and identify above all. */
const CONNECTION_MESSAGES = 8
const CONNECTION_BYTES = 6000

/** What a node does with a stream that another one has opened. */
export type Accept = (channel: SimulatedChannel, from: string) => void

export interface SimulatedNodeInit {
  peerId: string
  line: Line
  network: SimulatedNetwork
  /** All nodes by peer id. */
  nodes: Map<string, SimulatedNode>
  clock: Clock
  log: Logger
  pooling: Switch
}

/** What a libp2p node is to the engine: connections and streams, here on a simulated line. The pool is the engine's own. */
export class SimulatedNode {
  readonly host: Host
  readonly bans: BanList
  readonly pool: ConnectionPool
  readonly slots: TransferSlots
  readonly #init: SimulatedNodeInit
  readonly #id: PeerId
  readonly #connections = new Set<SimulatedConnection>()
  readonly #protocols = new Map<string, Accept>()
  readonly #openListeners = new Set<(event: CustomEvent<Connection>) => void>()
  readonly #peerListeners = new Set<(peerId: string) => void>()

  constructor(init: SimulatedNodeInit) {
    const { peerId, line, clock, log, pooling, nodes } = init
    this.#init = init
    this.#id = peerIdFromString(peerId)
    this.host = new Host(peerId, line, clock)
    this.bans = new BanList(clock)
    this.slots = new TransferSlots(DEFAULT_CHUNK_SERVER_LIMITS, clock)
    this.pool = new ConnectionPool({
      libp2p: this.#libp2p(),
      spare: () => false,
      bans: this.bans,
      clock,
      log,
      pooling
    })
    nodes.set(peerId, this)
    this.pool.start()
  }

  get peerId(): string {
    return this.host.peerId
  }

  /** Peers that this one is connected to. */
  get connectedPeers(): Set<string> {
    return new Set([...this.#connections].map(({ remotePeerId }) => remotePeerId))
  }

  /** Milliseconds to another node and back; undefined if there is no such node. */
  roundTripTo(peerId: string): number | undefined {
    const other = this.#init.nodes.get(peerId)
    return other && roundTrip(this.host, other.host)
  }

  /** Tells of each peer that a first connection comes to be with. */
  onPeer(listener: (peerId: string) => void): void {
    this.#peerListeners.add(listener)
  }

  handle(protocol: string, accept: Accept): void {
    this.#protocols.set(protocol, accept)
  }

  /** @throws PeerError as the pool does */
  async openStream(peerId: string, protocol: string, signal: AbortSignal): Promise<SimulatedChannel> {
    const stream = await this.pool.openStream({ peerId, addresses: [] }, protocol, { signal })
    return stream as unknown as SimulatedChannel
  }

  /** Goes away: as after a good-bye, or without a word. */
  stop(isSilent: boolean): void {
    this.pool.stop()
    this.#init.network.remove(this.host, isSilent)
    for (const connection of [...this.#connections]) connection.end(isSilent)
  }

  /** Hands a stream that a peer opened to who serves it. */
  accept(protocol: string, channel: SimulatedChannel, from: string): void {
    const accept = this.#protocols.get(protocol)
    if (accept) accept(channel, from)
    else channel.abort(unreachable())
  }

  #libp2p(): PoolNode {
    const node = {
      peerId: this.#id,
      getConnections: (peerId?: PeerId) =>
        [...this.#connections].filter(({ remotePeer }) => !peerId || remotePeer.equals(peerId)),
      dial: (peerId: PeerId, { signal }: { signal: AbortSignal }) => this.#dial(peerId.toString(), signal),
      addEventListener: (_name: string, listener: (event: CustomEvent<Connection>) => void) =>
        this.#openListeners.add(listener),
      removeEventListener: (_name: string, listener: (event: CustomEvent<Connection>) => void) =>
        this.#openListeners.delete(listener)
    }
    return node as unknown as PoolNode
  }

  async #dial(peerId: string, signal: AbortSignal): Promise<SimulatedConnection> {
    const { nodes, network } = this.#init
    const target = nodes.get(peerId)
    if (!target) throw unreachable()
    const { host } = target
    const milliseconds = CONNECTION_ROUND_TRIPS * roundTrip(this.host, host) + CONNECTION_CPU_MILLISECONDS
    await network.pass(this.host, host, milliseconds, signal)
    this.host.count(CONNECTION_MESSAGES, CONNECTION_BYTES)
    host.count(CONNECTION_MESSAGES, CONNECTION_BYTES)
    if (target.bans.isBanned(this.peerId)) throw unreachable()
    const [near, far] = SimulatedConnection.pair(this, target, network)
    target.#add(far)
    this.#add(near)
    return near
  }

  #add(connection: SimulatedConnection): void {
    const isFirst = !this.connectedPeers.has(connection.remotePeerId)
    this.#connections.add(connection)
    connection.onEnd(() => this.#connections.delete(connection))
    const detail = connection as unknown as Connection
    for (const listener of this.#openListeners) listener(new CustomEvent('connection:open', { detail }))
    if (isFirst) for (const listener of this.#peerListeners) listener(connection.remotePeerId)
  }
}
