import {
  type Connection,
  contentRoutingSymbol,
  type Libp2pEvents,
  type Metrics,
  type PeerId,
  type PeerStore,
  peerRoutingSymbol,
  type Startable,
  type Stream,
  serviceCapabilities,
  serviceDependencies,
  type TypedEventTarget
} from '@libp2p/interface'
import type { AddressManager, ConnectionManager, Registrar } from '@libp2p/interface-internal'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type Clock, systemClock } from '../clock.ts'
import { PeerError, toPeerError } from '../errors.ts'
import type { EventEmitter } from '../event-emitter.ts'
import type { Logger } from '../log.ts'
import { type Random, systemRandom } from '../random.ts'
import { type Signer, verifyPayload } from '../wire/signature.ts'
import { Bootstrap } from './bootstrap.ts'
import { ChordNode, type ChordNodeEvents, type ChordNodeInit } from './chord-node.ts'
import { type Contact, contactOf } from './contact.ts'
import { ChordContentRouting } from './content-routing.ts'
import { libp2pDialBack } from './dial-back.ts'
import type { LookupStep, Owners } from './lookup.ts'
import type { RingRole } from './membership.ts'
import { ChordMetrics } from './metrics.ts'
import { ChordPeerRouting } from './peer-routing.ts'
import type { KeptRecord } from './record/kept-record.ts'
import type { ProviderRecord } from './record/provider-record.ts'
import type { Publication } from './record/publication.ts'
import type { PublicationDraft } from './record/publisher.ts'
import type { KeyContents } from './record/record-reader.ts'
import type { SignedRecord } from './record/signed-record.ts'
import { verifyInTurns } from './record/verify-in-turns.ts'
import { positionFromBytes } from './ring-position.ts'
import type { RingSnapshot } from './ring-snapshot.ts'
import type { Handlers } from './rpc/protocol.ts'
import { RequestLimiter } from './rpc/request-limiter.ts'
import { StreamServer } from './rpc/stream-server.ts'
import { MAX_STREAMS_PER_CONNECTION, StreamTransport } from './rpc/stream-transport.ts'

export type { LookupStep } from './lookup.ts'
export type { KeptRecord } from './record/kept-record.ts'
export type { AnnounceKey, ChunkRange, ProviderRecord } from './record/provider-record.ts'
export type { Publication } from './record/publication.ts'
export type { PublicationDraft } from './record/publisher.ts'
export type { KeyContents } from './record/record-reader.ts'
export type { SignedRecord } from './record/signed-record.ts'
export type { Tombstone } from './record/tombstone.ts'
export type { RingSnapshot } from './ring-snapshot.ts'

/** What the user of the service chooses; `signer` is the identity that this libp2p node runs under. */
export interface ChordInit extends ChordNodeInit {
  signer: Signer
  log: Logger
  clock?: Clock
  random?: Random
}

/** What libp2p gives. */
export interface ChordComponents {
  peerId: PeerId
  registrar: Registrar
  connectionManager: ConnectionManager
  addressManager: AddressManager
  peerStore: PeerStore
  events: TypedEventTarget<Libp2pEvents>
  metrics?: Metrics
}

export interface SearchOptions {
  signal: AbortSignal
  /** Peers of a link: the way in when this peer is in no ring, or its ring knows nothing. Never merges rings. */
  through?: readonly PeerId[]
  /** The owner that the manifest names, whose tombstone ends every record of the video. */
  owner?: PeerId
}

/** `/chordcast/chord/1/<ring>`: rings of different names never meet. */
export function chordProtocol(ring: string): string {
  return `/chordcast/chord/1/${ring}`
}

/** Makes the libp2p service: `services: { chord: chord({ ring: 'public', signer, log }) }`. */
export function chord(init: ChordInit): (components: ChordComponents) => Chord {
  return components => new Chord(components, init)
}

const MEET_TIMEOUT = 30_000
/** Peers found by mDNS that are remembered. */
const MAX_ACQUAINTANCES = 32

/**
 * A Chord DHT as a libp2p service. It listens for its protocol as soon as libp2p starts, and takes part in a ring between
 * `join` and `leave`.
 */
export class Chord implements Startable {
  readonly [serviceCapabilities] = ['@chordcast/chord', '@libp2p/content-routing', '@libp2p/peer-routing']
  readonly [serviceDependencies] = ['@libp2p/identify']
  readonly #components: ChordComponents
  readonly #init: ChordInit
  readonly #protocol: string
  readonly #node: ChordNode
  readonly #handlers: Handlers
  readonly #transport: StreamTransport
  readonly #bootstrap: Bootstrap
  readonly #limiter: RequestLimiter
  readonly #incarnation: number
  readonly #acquaintances = new Map<string, Contact>()
  #closing = new AbortController()
  #lastAddresses = ''

  constructor(components: ChordComponents, init: ChordInit) {
    const { clock = systemClock, random = systemRandom, log, signer } = init
    const { connectionManager, addressManager, peerStore, peerId } = components
    const metrics = components.metrics && new ChordMetrics(components.metrics)
    this.#components = components
    this.#init = init
    this.#protocol = chordProtocol(init.ring)
    this.#incarnation = Math.floor(random.float() * 2 ** 32)
    this.#limiter = new RequestLimiter(clock)
    this.#transport = new StreamTransport({ connectionManager, peerStore, protocol: this.#protocol, log })
    this.#bootstrap = new Bootstrap({ connectionManager, peerId, log })
    this.#node = new ChordNode(
      {
        peerId: peerId.toString(),
        signer,
        transport: metrics?.countRequests(this.#transport) ?? this.#transport,
        clock,
        random,
        log,
        verify: verifyInTurns(verifyPayload),
        addresses: () => addressManager.getAddresses().map(String),
        dialBack: libp2pDialBack(connectionManager),
        bootstrapContacts: async signal => [
          ...(await this.#bootstrap.contacts(signal)),
          ...this.#acquaintances.values()
        ]
      },
      init
    )
    metrics?.follow(this.#node)
    this.#handlers = metrics?.countAnswers(this.#node.handlers) ?? this.#node.handlers
  }

  get [contentRoutingSymbol](): ChordContentRouting {
    return new ChordContentRouting({
      findProviders: (key, signal) => this.findProviders(key, { signal }),
      publicationsUnder: key => this.#node.publisher.under(key)
    })
  }

  get [peerRoutingSymbol](): ChordPeerRouting {
    return new ChordPeerRouting({
      isJoined: () => this.#node.isJoined,
      owners: async (key, signal) => (await this.#node.owners(key, { signal })).members
    })
  }

  get events(): EventEmitter<ChordNodeEvents> {
    return this.#node.events
  }

  get role(): RingRole {
    return this.#node.membership.role
  }

  get isJoined(): boolean {
    return this.#node.isJoined
  }

  /** libp2p calls it. */
  async start(): Promise<void> {
    this.#closing = new AbortController()
    this.#transport.start()
    await this.#components.registrar.handle(this.#protocol, this.#onStream, {
      maxInboundStreams: MAX_STREAMS_PER_CONNECTION,
      maxOutboundStreams: MAX_STREAMS_PER_CONNECTION,
      runOnLimitedConnection: true
    })
    this.#components.events.addEventListener('peer:disconnect', this.#onDisconnect)
    this.#components.events.addEventListener('self:peer:update', this.#onAddressesChanged)
  }

  /** libp2p calls it. Without `leave` before, the ring sees a crash. */
  async stop(): Promise<void> {
    this.#components.events.removeEventListener('peer:disconnect', this.#onDisconnect)
    this.#components.events.removeEventListener('self:peer:update', this.#onAddressesChanged)
    this.#node.stop()
    this.#closing.abort(new PeerError('ABORTED', 'This peer is leaving the network.'))
    this.#transport.stop()
    await this.#components.registrar.unhandle(this.#protocol)
  }

  /**
   * Joins the ring of the first bootstrap address that lets this peer in; with none, starts a ring of one. The other
   * addresses are met later, which merges rings that were apart.
   * @param options.onStage is told what is being done, in words
   * @throws PeerError BOOTSTRAP_UNREACHABLE after at most 20 s, naming each address and its reason; the signal's reason
   */
  async join(
    bootstrap: readonly Multiaddr[],
    options: { signal: AbortSignal; onStage?: (text: string) => void }
  ): Promise<void> {
    if (this.#node.isJoined) return
    this.#bootstrap.configure(bootstrap)
    const enter = (contact: Contact, signal: AbortSignal): Promise<void> =>
      this.#node.join(contact, { ...options, signal })
    const entered = await this.#bootstrap.race(enter, options)
    if (!entered) await this.#node.join(undefined, options)
  }

  /** Withdraws own records, hands over those of others, says good-bye. Goes as far as the signal lets it. */
  async leave(signal: AbortSignal): Promise<void> {
    await this.#node.leave(signal)
    this.#bootstrap.configure([])
    this.#transport.close()
  }

  /** A peer found by mDNS, or configured later: merges its ring with this one. Never call it for a peer of a link. */
  meet(peer: PeerId): void {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(MEET_TIMEOUT)])
    const contact = asContact(peer)
    // Found while this peer was joining, it is met afterwards.
    this.#acquaintances.delete(contact.peerId)
    this.#acquaintances.set(contact.peerId, contact)
    const oldest = this.#acquaintances.keys().next()
    if (this.#acquaintances.size > MAX_ACQUAINTANCES && !oldest.done) this.#acquaintances.delete(oldest.value)
    this.#node.meet(contact, signal).catch((error: unknown) => {
      this.#init.log.debug(`Peer ${peer} was not met: ${toPeerError(error).message}`)
    })
  }

  /** Keeps a provider record in the ring, from the next join on if there is none now. Returns at once. */
  publish(draft: PublicationDraft): Publication {
    return this.#node.publisher.publish(draft)
  }

  /**
   * Keeps a tombstone in the ring for what is left of its 30 days: its author shares the video no longer. Returns at once.
   * @throws PeerError RECORD_INVALID
   */
  publishTombstone(signed: SignedRecord): KeptRecord {
    return this.#node.publisher.publishTombstone(signed)
  }

  /**
   * Who holds the video under a DHT key: verified, unexpired, neither withdrawn nor ended by a tombstone.
   * @throws PeerError NOT_JOINED when in no ring and without `through`; PEER_UNREACHABLE; the signal's reason
   */
  async findProviders(key: Uint8Array, options: SearchOptions): Promise<ProviderRecord[]> {
    return (await this.findRecords(key, options)).providers
  }

  /**
   * The same, and the tombstones: by whom everybody who knows the owner can tell whether the video is still shared.
   * @throws PeerError as `findProviders`
   */
  async findRecords(key: Uint8Array, options: SearchOptions): Promise<KeyContents> {
    return await this.#node.findRecords(positionFromBytes(key), {
      signal: options.signal,
      ...(options.owner ? { owner: options.owner.toString() } : {}),
      ...(options.through ? { through: options.through.map(asContact) } : {})
    })
  }

  /** A look-up, step by step as it happens; returns the owners. */
  async *lookup(key: Uint8Array, options: SearchOptions): AsyncGenerator<LookupStep, Owners> {
    const { signal, through } = options
    const isForeign = !this.#node.canAskRing && through !== undefined && through.length > 0
    const seeds = isForeign ? await this.#node.seedsFrom(through.map(asContact), signal) : undefined
    return yield* this.#node.lookup(positionFromBytes(key), { signal, ...(seeds ? { seeds } : {}) })
  }

  snapshot(): RingSnapshot {
    return this.#node.snapshot()
  }

  /** Whether the ring needs this connection: a neighbour, or a finger in use. An idle sweep must leave it open. */
  needs(peer: PeerId): boolean {
    const id = peer.toString()
    if (!this.#node.isJoined) return false
    if (this.#node.ring.neighbour(id)) return true
    return this.#node.ring.fingers.preferred().some(finger => finger.peerId === id)
  }

  readonly #onStream = async (stream: Stream, connection: Connection): Promise<void> => {
    const { log } = this.#init
    const components = {
      handlers: this.#handlers,
      limiter: this.#limiter,
      incarnation: this.#incarnation,
      log,
      onHeard: (caller: { peerId: string }) => this.#node.network.noteHeard(caller.peerId)
    }
    const caller = { peerId: connection.remotePeer.toString() }
    await new StreamServer(components, stream, caller, this.#closing.signal).serve()
  }

  readonly #onDisconnect = (event: CustomEvent<PeerId>): void => {
    this.#node.onDisconnect(event.detail.toString())
  }

  // The event also comes for protocols and metadata.
  readonly #onAddressesChanged = (): void => {
    const addresses = this.#components.addressManager.getAddresses().map(String).sort().join()
    if (addresses === this.#lastAddresses) return
    this.#lastAddresses = addresses
    this.#node.onAddressesChanged()
  }
}

function asContact(peer: PeerId): Contact {
  return contactOf(peer.toString(), [])
}
