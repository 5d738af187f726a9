import PQueue from 'p-queue'
import type { Signer } from '../../wire/signature.ts'
import { STABILISE_INTERVAL, STABILISE_JITTER } from '../constants.ts'
import type { Contact } from '../contact.ts'
import { PeriodicTask } from '../periodic-task.ts'
import { randomlyOrdered } from '../random-order.ts'
import { KeptRecord, type KeptRecordComponents } from './kept-record.ts'
import type { AnnounceKey, ChunkRange } from './provider-record.ts'
import { Publication } from './publication.ts'
import { ProviderSource, TombstoneSource } from './record-source.ts'
import type { SignedRecord } from './signed-record.ts'

/** A video that this peer holds chunks of. */
export interface PublicationDraft {
  announceKey: AnnounceKey
  /** Chunks of the whole video. */
  chunkCount: number
  /** What this peer holds; nothing is published while it is empty. */
  ranges: readonly ChunkRange[]
}

export interface PublisherComponents extends Omit<KeptRecordComponents, 'queue'> {
  signer: Signer
  /** What other peers are to dial. */
  addresses(): readonly string[]
}

/** Up to this many holders are all asked in each round whether they still live. */
const HOLDERS_PER_ROUND = 16
/** Of more, these: in a large ring the four holders of a record hardly ever die together. */
const HOLDERS_SAMPLED = 2
/** Records that are being stored at the same time. */
const CONCURRENT_STORES = 16

/**
 * All that this peer publishes. Members that hold its records are asked now and then whether they live, because a publisher
 * whose holders died all at once is the only one who can put the record back.
 */
export class Publisher {
  readonly #components: PublisherComponents & KeptRecordComponents
  readonly #records = new Set<KeptRecord>()
  readonly #publications = new Set<Publication>()
  readonly #watch: PeriodicTask
  #closing = new AbortController()
  #isStarted = false

  constructor(components: PublisherComponents) {
    this.#components = { ...components, queue: new PQueue({ concurrency: CONCURRENT_STORES }) }
    this.#watch = new PeriodicTask({
      clock: components.clock,
      nextDelay: () => STABILISE_INTERVAL * (1 + STABILISE_JITTER * (2 * components.random.float() - 1)),
      run: signal => this.#checkHolders(signal)
    })
  }

  start(): void {
    this.#isStarted = true
    this.#closing = new AbortController()
    this.#watch.start()
    for (const record of this.#records) record.start()
  }

  stop(): void {
    this.#isStarted = false
    this.#closing.abort()
    this.#watch.stop()
    for (const record of this.#records) record.stop()
  }

  /** Begins to keep a provider record in the ring. Returns at once. */
  publish(draft: PublicationDraft): Publication {
    const { clock, signer, addresses } = this.#components
    const source = new ProviderSource({ clock, signer, addresses, ...draft })
    const publication = new Publication(this.#components, source, this.#forget)
    this.#publications.add(publication)
    return this.#add(publication)
  }

  /**
   * Begins to keep a tombstone in the ring, for what is left of its 30 days. Returns at once.
   * @throws PeerError RECORD_INVALID
   */
  publishTombstone(signed: SignedRecord): KeptRecord {
    const source = new TombstoneSource(signed, this.#components.clock)
    return this.#add(new KeptRecord(this.#components, source, this.#forget))
  }

  /** Tells the ring that this peer holds nothing any more, and keeps the records for the next join. */
  async withdrawAll(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#records].map(record => record.retreat(signal)))
  }

  /** What this peer provides under a DHT key. */
  under(key: Uint8Array): Publication[] {
    return [...this.#publications].filter(publication => Buffer.compare(publication.key, key) === 0)
  }

  /** This peer's addresses changed, or it is in another ring now. */
  renewAll(): void {
    for (const record of this.#records) record.renew()
  }

  onPeerLost(peerId: string): void {
    for (const record of this.#records) record.onHolderLost(peerId)
  }

  readonly #forget = (record: KeptRecord): void => {
    this.#records.delete(record)
    if (record instanceof Publication) this.#publications.delete(record)
  }

  /** The last connection to a peer ended: it may be dead, and its copies with it. */
  onDisconnect(peerId: string): void {
    const holders = [...this.#records].flatMap(record => record.holders)
    const holder = holders.find(contact => contact.peerId === peerId)
    if (holder) void this.#check(holder, this.#closing.signal)
  }

  #add<Kind extends KeptRecord>(record: Kind): Kind {
    this.#records.add(record)
    if (this.#isStarted) record.start()
    return record
  }

  async #checkHolders(signal: AbortSignal): Promise<void> {
    const { network, peerId, random } = this.#components
    const holders = new Map<string, Contact>()
    for (const record of this.#records) {
      for (const holder of record.holders) holders.set(holder.peerId, holder)
    }
    const silent = [...holders.values()].filter(
      holder => holder.peerId !== peerId && network.silentFor(holder.peerId) > STABILISE_INTERVAL / 2
    )
    const count = holders.size <= HOLDERS_PER_ROUND ? HOLDERS_PER_ROUND : HOLDERS_SAMPLED
    const chosen = randomlyOrdered(silent, random).slice(0, count)
    await Promise.all(chosen.map(holder => this.#check(holder, signal)))
  }

  // A holder that became a client holds records no more.
  async #check(holder: Contact, signal: AbortSignal): Promise<void> {
    const { network } = this.#components
    for (let attempt = 0; attempt < 2 && !signal.aborted; attempt++) {
      try {
        const { member } = await network.call(holder, 'ping', {}, { signal })
        if (!member) this.onPeerLost(holder.peerId)
        return
      } catch {
        // The network tells everyone when the peer counts as dead; one late answer only earns a second question.
        if (network.isDead(holder.peerId)) return
      }
    }
  }
}
