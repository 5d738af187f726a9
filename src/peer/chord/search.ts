import type { Clock } from '../clock.ts'
import { PeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import { AGREEING_PATHS_READ, READ_COPIES, REPLICAS } from './constants.ts'
import type { Contact } from './contact.ts'
import { DisjointLookup } from './disjoint-lookup.ts'
import { findOwners, Lookup, type LookupOptions, type LookupStep, type Owners } from './lookup.ts'
import type { Network } from './network.ts'
import { isEmpty, type KeyContents, type RecordReader, withoutTombstoned } from './record/record-reader.ts'
import type { RingPosition } from './ring-position.ts'
import type { RingState } from './ring-state.ts'

export interface SearchComponents {
  ring: RingState
  network: Network
  clock: Clock
  random: Random
  log: Logger
  reader: RecordReader
  isJoined(): boolean
  /** Members to begin with, of the ring that these peers are in. */
  seedsFrom(entries: readonly Contact[], signal: AbortSignal): Promise<Contact[]>
}

export interface FindProvidersOptions {
  signal: AbortSignal
  /** Whose tombstone ends all records of the key: the owner that the manifest names (text form of its peer id). */
  owner?: string
  /** Peers to begin with when this peer is in no ring, or its ring knows nothing. */
  through?: readonly Contact[]
}

/** Members at or behind a key that are asked for its records, if those before them know nothing. */
const MAX_READ_HOLDERS = REPLICAS + READ_COPIES

/** Everything that one peer looks up in its ring, or through the peers of a link in theirs. */
export class Search {
  readonly #components: SearchComponents

  constructor(components: SearchComponents) {
    this.#components = components
  }

  /** Whether the ring has somebody to ask: a client that has met no member yet has not. */
  get canAskRing(): boolean {
    const { ring, isJoined } = this.#components
    return isJoined() && (ring.isMember || ring.successors.first !== undefined)
  }

  /** One look-up, step by step; returns the key's owners. */
  lookup(key: RingPosition, options: LookupOptions): AsyncGenerator<LookupStep, Owners> {
    return new Lookup(this.#components, key, options).run()
  }

  /** The owner of a key and the members after it, by one look-up. */
  owners(key: RingPosition, options: LookupOptions): Promise<Owners> {
    return findOwners(new Lookup(this.#components, key, options))
  }

  /**
   * The same, by several look-ups: for what is stored there, and for the own place.
   * @param agreeing how many of them have to lead to the same owner
   */
  async agreedOwners(key: RingPosition, agreeing: number, options: LookupOptions): Promise<Owners> {
    return await new DisjointLookup(this.#components, key, options).agree(agreeing)
  }

  /** The same, beginning with one member and leading around this peer's successors, to see what others say of them. */
  async ownersFrom(from: Contact, key: RingPosition, signal: AbortSignal): Promise<Owners> {
    const taken = new Set(this.#components.ring.successors.entries.map(entry => entry.peerId))
    return await findOwners(new Lookup(this.#components, key, { signal }, { from: [from], taken }))
  }

  /** What the ring holds under a key. Where nothing is found, further paths are tried before that is believed. */
  async read(key: RingPosition, options: LookupOptions): Promise<KeyContents> {
    const paths = new DisjointLookup(this.#components, key, options)
    const asked = new Set<string>()
    await paths.agree(AGREEING_PATHS_READ)
    let contents: KeyContents
    do {
      const nearest = paths.owners.members.slice(0, MAX_READ_HOLDERS)
      const holders = nearest.filter(({ peerId }) => !asked.has(peerId))
      for (const { peerId } of holders) asked.add(peerId)
      contents = await this.#components.reader.read(key, holders, options.signal)
    } while (isEmpty(contents) && (await paths.another()))
    return contents
  }

  /**
   * Verified, unexpired provider records without what tombstones ended, and the tombstones, whoever signed them.
   * @throws PeerError NOT_JOINED when there is neither a ring nor a way through to one
   */
  async findRecords(key: RingPosition, options: FindProvidersOptions): Promise<KeyContents> {
    const { signal, through, owner } = options
    const { isJoined, seedsFrom } = this.#components
    const live = (found: KeyContents) => ({ ...found, providers: withoutTombstoned(found, owner) })
    let known: KeyContents = { providers: [], tombstones: [] }
    if (this.canAskRing || (isJoined() && !through?.length)) {
      known = live(await this.read(key, { signal }))
      if (known.providers.length > 0 || !through?.length) return known
    }
    if (!through?.length) {
      throw new PeerError('NOT_JOINED', 'This peer is in no ring. Join the network first.')
    }
    const seeds = await seedsFrom(through, signal)
    return seeds.length === 0 ? known : live(await this.read(key, { signal, seeds }))
  }
}
