import type { Clock } from '../clock.ts'
import { toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import type { Contact } from './contact.ts'
import { deadline } from './deadline.ts'
import type { Membership } from './membership.ts'
import type { Network } from './network.ts'
import { PeriodicTask } from './periodic-task.ts'
import { randomlyOrdered } from './random-order.ts'
import { isBetween, type RingPosition } from './ring-position.ts'
import type { RingState } from './ring-state.ts'
import type { Neighbourhood } from './rpc/protocol.ts'
import type { Stabilizer } from './stabilizer.ts'

export interface MergerComponents {
  ring: RingState
  network: Network
  clock: Clock
  random: Random
  log: Logger
  membership: Membership
  stabilizer: Stabilizer
  /** A look-up that begins with `seeds` and learns nothing on its way. */
  findMembers(key: RingPosition, signal: AbortSignal, seeds: readonly Contact[]): Promise<Contact[]>
  /** Configured peers and peers found by mDNS. */
  bootstrapContacts(signal: AbortSignal): Promise<readonly Contact[]>
}

const MEET_TIMEOUT = 15_000
/** Milliseconds between rounds that look for other parts of the ring, also while this peer is alone. */
const INTERVAL = 60_000
const INTERVAL_ALONE = 10_000
/** Milliseconds after a join until the first round, and how many are met in one. */
const FIRST_ROUND = 1_000
const MET_PER_ROUND = 4
/** Peers asked for the way back when all successors died at once. */
const WAYS_BACK = 8

/**
 * Brings rings of one name together: this peer's with that of a configured peer, of one found by mDNS, or of a former neighbour
 * after a partition. Never with that of a peer that only a link named.
 */
export class Merger {
  readonly #components: MergerComponents
  readonly #task: PeriodicTask

  constructor(components: MergerComponents) {
    this.#components = components
    this.#task = new PeriodicTask({
      clock: components.clock,
      nextDelay: () => (components.ring.successors.first ? INTERVAL : INTERVAL_ALONE),
      run: signal => this.#meetStrangers(signal)
    })
  }

  start(): void {
    this.#task.start()
    this.#task.poke(FIRST_ROUND)
  }

  stop(): void {
    this.#task.stop()
  }

  /**
   * Finds this peer's successor in the other ring, adopts it if it is nearer than the present one, and offers itself to it as
   * predecessor. The rings then close up by stabilising.
   */
  async meet(contact: Contact, signal: AbortSignal): Promise<void> {
    const { ring, clock } = this.#components
    if (contact.peerId === ring.peerId) return
    const limit = deadline(clock, MEET_TIMEOUT, signal)
    try {
      const [head, ...tail] = await this.membersAround(contact, limit.signal)
      if (head) await this.#joinUp(head, tail, limit.signal)
    } finally {
      limit.release()
    }
  }

  /** The members responsible for this peer's own position in the ring of `entry`, without itself. */
  async membersAround(entry: Contact, signal: AbortSignal): Promise<Contact[]> {
    const { ring, findMembers } = this.#components
    const seeds = await this.seedsFrom([entry], signal)
    if (seeds.length === 0) return []
    const members = await findMembers(ring.position, signal, seeds)
    return members.filter(member => member.peerId !== ring.peerId)
  }

  /** Members to begin a look-up with: those of `entries` that are members, and whom the others, being clients, know. */
  async seedsFrom(entries: readonly Contact[], signal: AbortSignal): Promise<Contact[]> {
    const views = await Promise.all(
      entries.map(async entry => {
        const view = (await this.#viewOf(entry, signal)) ?? (await this.#viewOf(entry, signal))
        return view?.member ? [entry] : (view?.successors ?? [])
      })
    )
    return views.flat().filter(contact => contact.peerId !== this.#components.ring.peerId)
  }

  /** All successors died at once: whoever else is known may lead back; else this peer is the ring. */
  async findWayBack(signal: AbortSignal): Promise<void> {
    const { ring, log } = this.#components
    const known = [...(ring.predecessor ? [ring.predecessor] : []), ...ring.fingers.preferred()]
    for (const contact of known.slice(0, WAYS_BACK)) {
      try {
        const [head, ...tail] = await this.membersAround(contact, signal)
        if (head) this.#takeIn(head, tail)
      } catch (error) {
        signal.throwIfAborted()
        log.debug(`No way back through ${contact.peerId}: ${toPeerError(error).message}`)
      }
      if (ring.successors.first) return
    }
    ring.setPredecessor(undefined)
  }

  async #joinUp(head: Contact, tail: readonly Contact[], signal: AbortSignal): Promise<void> {
    const { ring, network, membership, stabilizer } = this.#components
    this.#takeIn(head, tail)
    if (ring.isMember) {
      await network.call(head, 'notify', { addresses: [...ring.self.addresses] }, { signal })
    } else {
      membership.recheck()
    }
    stabilizer.poke()
  }

  // Nearer than the present successor it is the successor; else it may still belong into a list of the whole ring.
  #takeIn(head: Contact, tail: readonly Contact[]): void {
    const { ring } = this.#components
    const first = ring.successors.first
    if (!first || isBetween(ring.position, head.position, first.position)) ring.adopt(head, tail)
    else for (const member of [head, ...tail]) ring.offer(member)
  }

  async #viewOf(contact: Contact, signal: AbortSignal): Promise<Neighbourhood | undefined> {
    const { network, log } = this.#components
    try {
      return await network.call(contact, 'neighbours', {}, { signal })
    } catch (error) {
      signal.throwIfAborted()
      log.debug(`Peer ${contact.peerId} is no way in: ${toPeerError(error).message}`)
      return undefined
    }
  }

  async #meetStrangers(signal: AbortSignal): Promise<void> {
    const { bootstrapContacts, log, network, random, ring } = this.#components
    try {
      const known = [...network.lost(), ...(await bootstrapContacts(signal))]
      const strangers = known.filter(contact => !ring.neighbour(contact.peerId))
      for (const stranger of randomlyOrdered(strangers, random).slice(0, MET_PER_ROUND)) {
        if (!ring.neighbour(stranger.peerId)) await this.#tryToMeet(stranger, signal)
      }
    } catch (error) {
      if (!signal.aborted) log.debug(`No other part of the ring was met: ${toPeerError(error).message}`)
    }
  }

  async #tryToMeet(contact: Contact, signal: AbortSignal): Promise<void> {
    try {
      await this.meet(contact, signal)
    } catch (error) {
      signal.throwIfAborted()
      this.#components.log.debug(`Peer ${contact.peerId} was not met: ${toPeerError(error).message}`)
    }
  }
}
