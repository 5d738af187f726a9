import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { ConnectedPeerSnapshot, Digest, HolderSnapshot, LookupStep, RingSnapshot } from '../api.ts'
import type { AnnounceKey, KeyContents, Publication, SignedRecord } from '../chord/chord.ts'
import type { Clock } from '../clock.ts'
import type { Bitfield } from '../content/bitfield.ts'
import type { Holder } from '../download/chunk-holder.ts'
import { EventEmitter } from '../event-emitter.ts'
import type { BanList } from '../exchange/ban-list.ts'
import { ChunkServer, DEFAULT_CHUNK_SERVER_LIMITS } from '../exchange/chunk-server.ts'
import { type ConnectionCounters, ConnectionPool } from '../exchange/connection-pool.ts'
import { KeyServer } from '../exchange/key-server.ts'
import { serveExchange, stopExchange } from '../exchange/serve-exchange.ts'
import type { ServedVideo } from '../exchange/served-video.ts'
import type { TokenBucket } from '../exchange/token-bucket.ts'
import { Catalogue } from '../gossip/catalogue.ts'
import type { ListedVideo } from '../gossip/catalogue-message.ts'
import { Gossip } from '../gossip/gossip.ts'
import { GossipsubPubsub } from '../gossip/gossipsub-pubsub.ts'
import { MAX_HINT_ADDRESSES } from '../gossip/hint.ts'
import { RelayBlame } from '../gossip/relay-blame.ts'
import type { Keystore } from '../identity/keystore.ts'
import { createLogger, type Logger, type LogLine } from '../log.ts'
import type { Random } from '../random.ts'
import {
  DEFAULT_IDLE_SECONDS,
  DEFAULT_MAX_CONNECTIONS,
  DEFAULT_MAX_TRANSFERS,
  type PeerSettings
} from '../settings.ts'
import { DEFAULT_STRATEGY } from '../strategy.ts'
import type { Video } from '../video/video.ts'
import { ExchangeClient } from './exchange-client.ts'
import { linkAddresses } from './link-addresses.ts'
import { dialableHolder, linkHolders } from './link-holders.ts'
import { listensOnLoopbackOnly } from './listen-addresses.ts'
import { type Node, startNode } from './node.ts'
import type { TrafficBook } from './traffic-book.ts'
import { VideoHints } from './video-hints.ts'

/** What closing ports and connections may take. Milliseconds. */
const STOP_DEADLINE = 700
/** Ring of peers that did not choose another. */
const DEFAULT_RING = 'public'

export interface NetworkInit {
  keystore: Keystore
  settings: PeerSettings
  port: number
  uploadLimiter: TokenBucket
  downloadLimiter: TokenBucket
  traffic: TrafficBook
  /** Peers that sent something wrong. */
  bans: BanList
  clock: Clock
  random: Random
  log: (line: LogLine) => void
  /** What this peer shows to the whole ring. */
  listed(): ListedVideo[]
  /** What this peer serves. */
  served(digest: Digest): ServedVideo | undefined
  /** Grants a key, or throws KEY_DENIED. */
  grantFor(digest: Digest, request: Uint8Array, peerId: string, signal: AbortSignal): Promise<Uint8Array>
  onUploaded(digest: Digest, bytes: number): void
  /** A peer that fetches from here told what it holds. */
  onHoldings(digest: Digest): void
}

export interface NetworkEvents {
  /** The ring, the addresses or the connections changed. */
  changed: undefined
}

/** What the ring says of a video. */
export interface VideoRecords {
  holders: HolderSnapshot[]
  /** The holders without this peer. */
  others: HolderSnapshot[]
  /** Peer ids of whoever signed a tombstone of it: everybody who knows the ID can, only the owner's word counts. */
  endedBy: string[]
}

/** What exists only while this peer listens: the libp2p node, its place in the ring, its connections and servers. */
export class Network {
  readonly events: EventEmitter<NetworkEvents>
  readonly exchange: ExchangeClient
  readonly hints: VideoHints
  /** Absent where gossip is switched off. */
  readonly catalogue: Catalogue | undefined
  readonly #init: NetworkInit
  readonly #clock: Clock
  readonly #node: Node
  readonly #pool: ConnectionPool
  readonly #chunks: ChunkServer
  readonly #keys: KeyServer
  readonly #log: Logger
  readonly #publications = new Map<Digest, Publication>()

  private constructor(init: NetworkInit, node: Node, pubsub: GossipsubPubsub | undefined) {
    const { bans, clock, random, keystore, traffic } = init
    const log = createLogger('exchange', init.log)
    const own = { ownPeerId: keystore.identity.peerId.toString(), clock, random }
    this.#init = init
    this.#clock = clock
    this.#node = node
    this.#log = createLogger('network', init.log)
    this.events = new EventEmitter(error => this.#log.error('a listener of the network failed', error))
    this.hints = this.#makeHints(pubsub)
    this.catalogue = pubsub && this.#makeCatalogue(pubsub)
    const spare = (peerId: string): boolean =>
      node.services.chord.needs(peerIdFromString(peerId)) || this.hints.needs(peerId)
    const { maxConnections = DEFAULT_MAX_CONNECTIONS, idleSeconds = DEFAULT_IDLE_SECONDS } = init.settings
    const { pool: pooling, firstCopy } = init.settings.strategy ?? DEFAULT_STRATEGY
    this.#pool = new ConnectionPool({
      libp2p: node,
      bans,
      clock,
      log,
      spare,
      pooling,
      maxConnections,
      idleMilliseconds: idleSeconds * 1000
    })
    this.exchange = new ExchangeClient({
      ...init,
      openStream: this.#pool.openStream.bind(this.#pool),
      ownAddresses: () => this.addresses
    })
    this.#chunks = new ChunkServer({
      ...own,
      videos: init.served,
      uploadLimiter: init.uploadLimiter,
      firstCopy,
      limits: {
        ...DEFAULT_CHUNK_SERVER_LIMITS,
        maxTransfers: init.settings.maxTransfers ?? DEFAULT_MAX_TRANSFERS
      },
      log,
      onUploaded: (peerId, digest, bytes) => {
        traffic.sent(peerId, bytes)
        init.onUploaded(digest, bytes)
      },
      onPeerHave: (peerId, digest, have) => {
        traffic.holds(peerId, digest, have)
        init.onHoldings(digest)
      }
    })
    const keysLog = createLogger('keys', init.log)
    this.#keys = new KeyServer({ ...own, videos: init.served, grantFor: init.grantFor, log: keysLog })
  }

  /**
   * Listens and serves; the ring is joined by `join`.
   * @throws PeerError PORT_IN_USE, HOST_UNAVAILABLE
   */
  static async start(init: NetworkInit): Promise<Network> {
    const { settings, keystore, clock, random } = init
    const ring = settings.ring ?? DEFAULT_RING
    const { gossip } = settings.strategy ?? DEFAULT_STRATEGY
    const pubsub = gossip === 'on' ? new GossipsubPubsub(new RelayBlame(clock)) : undefined
    const node = await startNode({
      privateKey: keystore.identity.privateKey,
      hosts: settings.hosts,
      port: init.port,
      ring,
      lanDiscovery: settings.lanDiscovery,
      relay: settings.relay ?? false,
      gater: init.bans.gater,
      chord: {
        ring,
        signer: keystore.identity,
        stay: settings.stay,
        clock,
        random,
        log: createLogger('chord', init.log)
      },
      ...(pubsub ? { pubsub } : {}),
      log: createLogger('node', init.log)
    })
    const network = new Network(init, node, pubsub)
    await network.#serve()
    return network
  }

  /** Multiaddrs that others can dial, each ending in `/p2p/<peer id>`. */
  get addresses(): string[] {
    return this.#node.getMultiaddrs().map(String)
  }

  get ring(): RingSnapshot {
    return this.#node.services.chord.snapshot()
  }

  get connections(): number {
    return this.#pool.size
  }

  /** What became of connections since this peer listens. */
  get pool(): Readonly<ConnectionCounters> {
    return this.#pool.counters
  }

  /** @throws PeerError BOOTSTRAP_UNREACHABLE; the signal's reason when aborted */
  async join(bootstrap: Multiaddr[], onStage: (stage: string) => void, signal: AbortSignal): Promise<void> {
    await this.#node.services.chord.join(bootstrap, { signal, onStage })
  }

  /**
   * Takes records back and says good-bye, then stops listening.
   * @param deadline milliseconds that the good-byes may take; stopping takes little more
   */
  async stop(deadline: number): Promise<void> {
    const signal = AbortSignal.timeout(deadline)
    this.#publications.clear()
    this.catalogue?.stop()
    const goodbyes = [this.hints.stop(), this.#node.services.chord.leave(signal)]
    await within(this.#clock, deadline, settle(goodbyes, this.#log))
    this.#pool.stop()
    const stopping = [stopExchange(this.#node, { chunks: this.#chunks, keys: this.#keys }), this.#node.stop()]
    await within(this.#clock, STOP_DEADLINE, settle(stopping, this.#log))
  }

  /** Announces in the ring what this peer holds of a video, or that it holds more by now. */
  announce(video: Video, have: Bitfield): void {
    this.hints.gained(video)
    const ranges = have.toRanges().map(([start, end]): [number, number] => [start, end])
    const publication = this.#publications.get(video.digest)
    if (publication) {
      publication.update(ranges)
      return
    }
    const draft = { announceKey: announceKeyOf(video), chunkCount: have.length, ranges }
    this.#publications.set(video.digest, this.#node.services.chord.publish(draft))
  }

  /** Takes the record back and ends the transfers of a video. */
  async withdraw(video: Video, signal: AbortSignal): Promise<void> {
    const publication = this.#publications.get(video.digest)
    this.#publications.delete(video.digest)
    this.#chunks.withdraw(video.digest)
    await Promise.all([this.hints.leave(video), publication?.withdraw(signal)])
  }

  /** Keeps the owner's word in the ring that a video is shared no longer. */
  publishTombstone(tombstone: SignedRecord): void {
    this.#node.services.chord.publishTombstone(tombstone)
  }

  /** The peers that a video's link names, at addresses that may be dialled from here. */
  async linkedHolders(video: Pick<Video, 'entry'>): Promise<Holder[]> {
    const holders = await linkHolders(video.entry.viaAddresses ?? [], this.#log)
    return holders.map(holder => ({ ...holder, isLinked: true }))
  }

  /** Of the peers that another one tells of, those that may be dialled from here, at the addresses that may. */
  async dialableHolders(holders: readonly Holder[]): Promise<Holder[]> {
    const own = this.#node.peerId.toString()
    const others = holders.filter(({ peerId }) => peerId !== own)
    return (await Promise.all(others.map(holder => dialableHolder(holder, this.#log)))).flat()
  }

  /** What the ring's records say of a video. */
  async records(video: Pick<Video, 'keys' | 'entry' | 'owner'>, signal: AbortSignal): Promise<VideoRecords> {
    const { providers, tombstones } = await this.#findRecords(video, signal)
    const own = this.#node.peerId.toString()
    const holders = providers.map(record => ({
      peerId: record.provider.toString(),
      addresses: record.addresses,
      have: record.ranges.reduce((sum, [start, end]) => sum + end - start, 0),
      chunks: record.chunkCount
    }))
    return {
      holders,
      others: holders.filter(({ peerId }) => peerId !== own),
      endedBy: tombstones.map(({ owner }) => owner.toString())
    }
  }

  async #findRecords(
    video: Pick<Video, 'keys' | 'entry' | 'owner'>,
    signal: AbortSignal
  ): Promise<KeyContents> {
    const { chord } = this.#node.services
    const options = { signal, ...(video.owner ? { owner: peerIdFromString(video.owner) } : {}) }
    const links = video.entry.viaAddresses ?? []
    if (this.#hasNeighbours || links.length === 0) {
      const found = await chord.findRecords(video.keys.dhtKey, options)
      if (found.providers.length > 0 || links.length === 0) return found
    }
    const through = await this.#connectToLink(links, signal)
    return await chord.findRecords(video.keys.dhtKey, { ...options, through })
  }

  /** The hops to the members that store a video's records; `onStep` is told each as it happens. */
  async lookup(
    video: Pick<Video, 'keys' | 'entry'>,
    onStep: (step: LookupStep) => void,
    signal: AbortSignal
  ): Promise<LookupStep[]> {
    const { chord } = this.#node.services
    const through = this.#hasNeighbours
      ? []
      : await this.#connectToLink(video.entry.viaAddresses ?? [], signal)
    const steps: LookupStep[] = []
    for await (const step of chord.lookup(video.keys.dhtKey, { signal, through })) {
      steps.push(step)
      onStep(step)
    }
    return steps
  }

  connectedPeers(): ConnectedPeerSnapshot[] {
    const byPeer = new Map<string, Connection>()
    for (const connection of this.#node.getConnections())
      byPeer.set(connection.remotePeer.toString(), connection)
    const { predecessor, successors, fingers } = this.ring
    const inRing = new Set([predecessor, ...successors, ...fingers])
    return [...byPeer].map(([peerId, connection]) => this.#snapshot(peerId, connection, inRing.has(peerId)))
  }

  /** A peer that has met nobody can ask nobody but the peers of a link. */
  get #hasNeighbours(): boolean {
    return this.ring.successors.length > 0
  }

  #makeHints(pubsub: GossipsubPubsub | undefined): VideoHints {
    const { clock, random, keystore } = this.#init
    const log = createLogger('gossip', this.#init.log)
    const isLocal = listensOnLoopbackOnly(this.#init.settings.hosts)
    if (!pubsub) return new VideoHints(undefined, isLocal, log)
    const gossip = new Gossip({
      pubsub,
      ownPeerId: keystore.identity.peerId.toString(),
      addresses: () => linkAddresses(this.addresses, MAX_HINT_ADDRESSES),
      load: () => this.#chunks.load,
      clock,
      random,
      log
    })
    return new VideoHints(gossip, isLocal, log)
  }

  #makeCatalogue(pubsub: GossipsubPubsub): Catalogue {
    const { clock, random, keystore, settings, listed } = this.#init
    return new Catalogue({
      ring: settings.ring ?? DEFAULT_RING,
      pubsub,
      ownPeerId: keystore.identity.peerId.toString(),
      listed,
      clock,
      random,
      log: createLogger('gossip', this.#init.log)
    })
  }

  async #serve(): Promise<void> {
    this.catalogue?.start()
    this.#pool.start()
    await serveExchange(this.#node, { chunks: this.#chunks, keys: this.#keys, pool: this.#pool })
    const changed = (): void => this.events.emit('changed', undefined)
    this.#node.services.chord.events.on('ring', changed)
    this.#node.addEventListener('self:peer:update', changed)
    this.#node.addEventListener('peer:connect', changed)
    this.#node.addEventListener('peer:disconnect', event => {
      this.#init.traffic.forget(event.detail.toString())
      changed()
    })
    // Peers of the same ring on the local network: they serve our protocol, or nothing comes of it.
    this.#node.addEventListener('peer:discovery', event => this.#node.services.chord.meet(event.detail.id))
  }

  async #connectToLink(
    addresses: readonly string[],
    signal: AbortSignal
  ): Promise<ReturnType<typeof peerIdFromString>[]> {
    const holders = await linkHolders(addresses, this.#log)
    const dials = holders.map(holder => this.#pool.connect(holder, { signal }))
    await settle(dials, this.#log)
    return holders.map(holder => peerIdFromString(holder.peerId))
  }

  #snapshot(peerId: string, connection: Connection, inRing: boolean): ConnectedPeerSnapshot {
    const traffic = this.#init.traffic.of(peerId)
    return {
      peerId,
      address: connection.remoteAddr.toString(),
      path: connection.limits === undefined && !isRelayed(connection.remoteAddr) ? 'direct' : 'relay',
      ...(connection.rtt === undefined ? {} : { roundTripMilliseconds: connection.rtt }),
      inRing,
      holds: [...traffic.holds].map(([digest, have]) => ({ digest, have: have.size, chunks: have.length })),
      downloadBytesPerSecond: traffic.received.bytesPerSecond,
      uploadBytesPerSecond: traffic.sent.bytesPerSecond
    }
  }
}

function announceKeyOf({ keys }: Pick<Video, 'keys'>): AnnounceKey {
  return { ...keys.announceSigner, dhtKey: keys.dhtKey }
}

function isRelayed(address: Multiaddr): boolean {
  return address.getComponents().some(component => component.name === 'p2p-circuit')
}

async function settle(promises: readonly unknown[], log: Logger): Promise<void> {
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === 'rejected') log.debug(`given up: ${String(result.reason)}`)
  }
}

/** Goes on after `deadline` milliseconds whether the work is done or not. */
async function within(clock: Clock, deadline: number, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const cancel = clock.after(deadline, () => late.resolve())
  await Promise.race([work, late.promise])
  cancel()
}
