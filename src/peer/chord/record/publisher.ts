import PQueue from 'p-queue'
import { STABILISE_INTERVAL, STABILISE_JITTER } from '../constants.ts'
import type { Contact } from '../contact.ts'
import { PeriodicTask } from '../periodic-task.ts'
import { randomlyOrdered } from '../random-order.ts'
import type { AnnounceKey } from './provider-record.ts'
import { Publication, type PublicationComponents, type PublicationDraft } from './publication.ts'

/** Up to this many holders are all asked in each round whether they still live. */
const HOLDERS_PER_ROUND = 16
/** Of more, these: in a large ring the four holders of a record hardly ever die together. */
const HOLDERS_SAMPLED = 2
/** Publications that are being stored at the same time. */
const CONCURRENT_STORES = 16

/**
 * All that this peer publishes. Members that hold its records are asked now and then whether they live, because a publisher
 * whose holders died all at once is the only one who can put the record back.
 */
export class Publisher {
  readonly #components: PublicationComponents
  readonly #publications = new Set<Publication>()
  readonly #watch: PeriodicTask
  #closing = new AbortController()
  #isStarted = false

  constructor(components: Omit<PublicationComponents, 'queue'>) {
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
    for (const publication of this.#publications) publication.start()
  }

  stop(): void {
    this.#isStarted = false
    this.#closing.abort()
    this.#watch.stop()
    for (const publication of this.#publications) publication.stop()
  }

  /** Begins to keep a provider record in the ring. Returns at once. */
  publish(draft: PublicationDraft): Publication {
    return this.#add(new Publication(this.#components, draft.announceKey, draft, this.#forget))
  }

  /** Begins to keep a tombstone in the ring. Returns at once. */
  publishTombstone(announceKey: AnnounceKey): Publication {
    return this.#add(new Publication(this.#components, announceKey, undefined, this.#forget))
  }

  /** Tells the ring that this peer holds nothing any more, and keeps the publications for the next join. */
  async withdrawAll(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#publications].map(publication => publication.retreat(signal)))
  }

  /** The publications under a DHT key. */
  under(key: Uint8Array): Publication[] {
    return [...this.#publications].filter(publication => Buffer.compare(publication.key, key) === 0)
  }

  /** This peer's addresses changed, or it is in another ring now. */
  renewAll(): void {
    for (const publication of this.#publications) publication.renew()
  }

  onPeerLost(peerId: string): void {
    for (const publication of this.#publications) publication.onHolderLost(peerId)
  }

  readonly #forget = (publication: Publication): void => {
    this.#publications.delete(publication)
  }

  /** The last connection to a peer ended: it may be dead, and its copies with it. */
  onDisconnect(peerId: string): void {
    const holders = [...this.#publications].flatMap(publication => publication.holders)
    const holder = holders.find(contact => contact.peerId === peerId)
    if (holder) void this.#check(holder, this.#closing.signal)
  }

  #add(publication: Publication): Publication {
    this.#publications.add(publication)
    if (this.#isStarted) publication.start()
    return publication
  }

  async #checkHolders(signal: AbortSignal): Promise<void> {
    const { network, peerId, random } = this.#components
    const holders = new Map<string, Contact>()
    for (const publication of this.#publications) {
      for (const holder of publication.holders) holders.set(holder.peerId, holder)
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
