import type { Clock } from '../clock.ts'
import { toPeerError } from '../errors.ts'
import { EventEmitter } from '../event-emitter.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import type { Signer } from '../wire/signature.ts'
import { AGREEING_PATHS_STORE } from './constants.ts'
import type { Contact } from './contact.ts'
import { type EnterOptions, Entrance } from './entrance.ts'
import { FingerFixer } from './finger-fixer.ts'
import type { LookupOptions, LookupStep, Owners } from './lookup.ts'
import { Membership } from './membership.ts'
import { Merger } from './merger.ts'
import { Network } from './network.ts'
import { PeriodicTask } from './periodic-task.ts'
import { HandOver, type RecordsMoved } from './record/hand-over.ts'
import type { ProviderRecord, VerifySignature } from './record/provider-record.ts'
import { Publisher } from './record/publisher.ts'
import { type KeyContents, RecordReader } from './record/record-reader.ts'
import { RecordStore } from './record/record-store.ts'
import { Replicator } from './record/replicator.ts'
import type { RingPosition } from './ring-position.ts'
import { type RingSnapshot, ringSnapshot } from './ring-snapshot.ts'
import { RingState } from './ring-state.ts'
import type { DialBack } from './rpc/handlers/dial-back.ts'
import { createHandlers } from './rpc/handlers.ts'
import type { Handlers, Transport } from './rpc/protocol.ts'
import { type FindProvidersOptions, Search } from './search.ts'
import { Stabilizer } from './stabilizer.ts'

/** What a node needs from its host. */
export interface ChordNodeComponents {
  peerId: string
  signer: Signer
  transport: Transport
  clock: Clock
  random: Random
  log: Logger
  verify: VerifySignature
  /** Announced multiaddrs, as they are now. */
  addresses(): readonly string[]
  dialBack: DialBack
  /** Members that were configured, to be asked when this peer is alone or its ring may be in two parts. */
  bootstrapContacts(signal: AbortSignal): Promise<readonly Contact[]>
}

/** What its user chooses. */
export interface ChordNodeInit {
  /** The ring's name. */
  ring: string
  /** False: always a client. Default true. */
  stay?: boolean
  /** Length of the successor list; default 8, and 16 in a ring of more than 500. */
  successors?: number
  /** Milliseconds between stabilise rounds; default 15,000. */
  stabiliseInterval?: number
  /** The same in the first two minutes; default 5,000. */
  settlingInterval?: number
}

export interface ChordNodeEvents {
  /** This peer's view of its ring changed. */
  ring: RingSnapshot
  handOver: RecordsMoved
}

const SWEEP_INTERVAL = 60_000
const SNAPSHOT_DEBOUNCE = 100

/**
 * One peer of a Chord ring, apart from any network library: ring maintenance, look-ups and records over an injected
 * transport, clock and random source.
 */
export class ChordNode {
  readonly events: EventEmitter<ChordNodeEvents>
  /** Answers to other peers' requests. */
  readonly handlers: Handlers
  readonly ring: RingState
  readonly network: Network
  readonly store: RecordStore
  readonly publisher: Publisher
  readonly membership: Membership
  readonly stabilizer: Stabilizer
  readonly #components: ChordNodeComponents
  readonly #init: ChordNodeInit
  readonly #handOver: HandOver
  readonly #replicator: Replicator
  readonly #merger: Merger
  readonly #search: Search
  readonly #entrance: Entrance
  readonly #sweep: PeriodicTask
  readonly #announce: PeriodicTask
  #isJoined = false

  constructor(components: ChordNodeComponents, init: ChordNodeInit) {
    this.#components = components
    this.events = new EventEmitter(error => components.log.error('A listener of the ring failed', error))
    this.#init = init
    const { peerId, transport, clock, random, log, verify, addresses } = components
    this.network = new Network(transport, clock, log)
    this.ring = new RingState({
      peerId,
      addresses,
      log,
      isDead: other => this.network.isDead(other),
      ...(init.successors === undefined ? {} : { successors: init.successors })
    })
    const shared = { ring: this.ring, network: this.network, clock, random, log }
    this.store = new RecordStore({ clock, random, verify, log })
    this.#handOver = new HandOver({ ...shared, store: this.store })
    this.#replicator = new Replicator({ ...shared, store: this.store, handOver: this.#handOver })
    const seedsFrom = (entries: readonly Contact[], signal: AbortSignal) =>
      this.#merger.seedsFrom(entries, signal)
    this.#search = new Search({
      ...shared,
      reader: new RecordReader({ ...shared, store: this.store, verify, peerId }),
      isJoined: () => this.#isJoined,
      seedsFrom
    })
    this.membership = new Membership(shared, init.stay ?? true)
    this.stabilizer = new Stabilizer(
      {
        ...shared,
        fingerFixer: new FingerFixer({
          ...shared,
          lookup: (key, signal) => this.owners(key, { signal }),
          lookupFrom: (from, key, signal) => this.#search.ownersFrom(from, key, signal)
        }),
        onAlone: signal => this.#merger.findWayBack(signal)
      },
      {
        ...(init.stabiliseInterval === undefined ? {} : { interval: init.stabiliseInterval }),
        ...(init.settlingInterval === undefined ? {} : { settlingInterval: init.settlingInterval })
      }
    )
    this.#merger = new Merger({
      ...shared,
      membership: this.membership,
      stabilizer: this.stabilizer,
      findMembers: async (key, signal, seeds) => (await this.owners(key, { signal, seeds })).members,
      bootstrapContacts: components.bootstrapContacts
    })
    this.publisher = new Publisher({
      ...shared,
      signer: components.signer,
      peerId,
      addresses,
      isJoined: () => this.#isJoined,
      owners: async (key, signal) =>
        (await this.#search.agreedOwners(key, AGREEING_PATHS_STORE, { signal })).members,
      storeHere: record => this.store.accept(record)
    })
    this.#entrance = new Entrance({
      ...shared,
      membership: this.membership,
      search: this.#search,
      seedsFrom
    })
    this.handlers = createHandlers({
      ring: this.ring,
      store: this.store,
      stabilizer: this.stabilizer,
      network: this.network,
      dialBack: components.dialBack,
      log
    })
    this.#sweep = this.#makeTask(
      () => SWEEP_INTERVAL,
      async () => this.store.sweep()
    )
    this.#announce = this.#makeTask(
      () => undefined,
      async () => this.events.emit('ring', this.snapshot())
    )
    this.#connectEvents()
  }

  get isJoined(): boolean {
    return this.#isJoined
  }

  /** Whether the ring has somebody to ask: a client that has met no member yet has not. */
  get canAskRing(): boolean {
    return this.#search.canAskRing
  }

  /**
   * Joins the ring that `entry` is in (Zave's join: the successor's list is read before becoming a member), or starts a
   * ring of one.
   * @throws PeerError what the look-up of the own position throws; the signal's reason
   */
  async join(entry: Contact | undefined, options: EnterOptions): Promise<void> {
    try {
      if (entry) await this.#entrance.enter(entry, options)
      else this.membership.beAlone()
      this.#start()
      await this.stabilizer.settle(options.signal)
      this.#components.log.info(
        `Joined the ring ${this.#init.ring}${entry ? ` through peer ${entry.peerId}` : ', alone so far'}`
      )
    } catch (error) {
      this.stop()
      throw error
    }
  }

  /**
   * Withdraws this peer's records, hands over those of others and says good-bye. Goes as far as the signal lets it, and
   * always ends stopped.
   */
  async leave(signal: AbortSignal): Promise<void> {
    if (!this.#isJoined) return
    try {
      await this.publisher.withdrawAll(signal)
      if (this.ring.isMember) {
        await this.#replicator.handAway(signal)
        await this.#entrance.sayGoodbye(signal)
      }
    } catch (error) {
      this.#components.log.info(`Left the ring before all was handed over: ${toPeerError(error).message}`)
    }
    this.stop()
    this.#components.log.info(`Left the ring ${this.#init.ring}`)
  }

  /** Stops at once, as a crash would; the ring finds out by itself. */
  stop(): void {
    this.#isJoined = false
    for (const part of this.#parts()) part.stop()
    this.ring.clear()
    this.store.clear()
  }

  /** Merges with the ring that another peer is in, if that is not this one: see `Merger`. Nothing while in no ring. */
  async meet(contact: Contact, signal: AbortSignal): Promise<void> {
    if (this.#isJoined) await this.#merger.meet(contact, signal)
  }

  /** Members to begin a look-up with: see `Merger`. */
  seedsFrom(entries: readonly Contact[], signal: AbortSignal): Promise<Contact[]> {
    return this.#merger.seedsFrom(entries, signal)
  }

  /** A look-up, step by step; returns the key's owners. */
  lookup(key: RingPosition, options: LookupOptions): AsyncGenerator<LookupStep, Owners> {
    return this.#search.lookup(key, options)
  }

  /** The owner of a key and the members after it, by one look-up. */
  owners(key: RingPosition, options: LookupOptions): Promise<Owners> {
    return this.#search.owners(key, options)
  }

  /** See `Search.read`. */
  read(key: RingPosition, options: LookupOptions): Promise<KeyContents> {
    return this.#search.read(key, options)
  }

  /** Verified, unexpired provider records, without what tombstones ended. */
  async findProviders(key: RingPosition, options: FindProvidersOptions): Promise<ProviderRecord[]> {
    return (await this.findRecords(key, options)).providers
  }

  /** See `Search.findRecords`. */
  findRecords(key: RingPosition, options: FindProvidersOptions): Promise<KeyContents> {
    return this.#search.findRecords(key, options)
  }

  /** The last connection to a peer ended. */
  onDisconnect(peerId: string): void {
    if (!this.#isJoined) return
    this.publisher.onDisconnect(peerId)
    const neighbour = this.ring.neighbour(peerId)
    if (!neighbour) return
    this.stabilizer.verify(neighbour).catch((error: unknown) => {
      this.#components.log.debug(`A neighbour was not verified: ${toPeerError(error).message}`)
    })
  }

  /** This peer's announced addresses changed. */
  onAddressesChanged(): void {
    if (!this.#isJoined) return
    this.membership.recheck()
    this.publisher.renewAll()
  }

  snapshot(): RingSnapshot {
    const { ring, membership, store } = this
    return ringSnapshot(this.#init.ring, ring, membership, store.size)
  }

  #start(): void {
    this.#isJoined = true
    for (const part of this.#parts()) part.start()
    this.#announceSoon()
  }

  #parts() {
    return [
      this.#announce,
      this.stabilizer,
      this.membership,
      this.#handOver,
      this.#replicator,
      this.publisher,
      this.#merger,
      this.#sweep
    ]
  }

  #makeTask(nextDelay: () => number | undefined, run: (signal: AbortSignal) => Promise<void>): PeriodicTask {
    return new PeriodicTask({ clock: this.#components.clock, nextDelay, run })
  }

  #connectEvents(): void {
    const { ring, network, store, publisher } = this
    const { log } = this.#components
    network.events.on('dead', ({ peerId }) => this.#onDead(peerId))
    network.events.on('restarted', ({ peerId }) => {
      this.#replicator.forget(peerId)
      publisher.onPeerLost(peerId)
    })
    let first: string | undefined
    ring.events.on('successors', ([successor]) => {
      if (successor && successor.peerId !== first) log.info(`The successor is peer ${successor.peerId} now`)
      first = successor?.peerId
      this.#replicator.poke()
      this.#announceSoon()
    })
    ring.events.on('predecessor', ({ previous, current }) => {
      this.#handOver.onPredecessor(previous, current)
      this.#replicator.poke()
      this.#announceSoon()
    })
    store.events.on('stored', ({ key }) => {
      if (ring.owns(key)) this.#replicator.poke()
      this.#announceSoon()
    })
    this.#handOver.events.on('moved', moved => this.events.emit('handOver', moved))
    this.membership.events.on('changed', () => {
      this.stabilizer.poke()
      this.#announceSoon()
    })
  }

  #onDead(peerId: string): void {
    const neighbour = this.ring.neighbour(peerId)
    if (neighbour) {
      this.#components.log.info(`Peer ${peerId} is gone from the ring`)
      this.network.rememberLost(neighbour)
    }
    this.ring.forget(peerId)
    this.#replicator.forget(peerId)
    this.publisher.onPeerLost(peerId)
    if (neighbour) this.stabilizer.poke()
  }

  #announceSoon(): void {
    this.#announce.poke(SNAPSHOT_DEBOUNCE)
  }
}
