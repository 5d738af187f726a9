import type { Clock } from '../clock.ts'
import { PeerError } from '../errors.ts'
import { LOOKUP_MAX_CONTACTS, LOOKUP_PARALLELISM } from './constants.ts'
import type { Contact } from './contact.ts'
import type { Network } from './network.ts'
import { distance, isBetween, type RingPosition } from './ring-position.ts'
import type { RingState } from './ring-state.ts'
import type { NextHop } from './rpc/protocol.ts'

/** One step of a look-up, as it happens. */
export interface LookupStep {
  /** 1 for the first peer asked. */
  hop: number
  peerId: string
  /** `answered` brought closer peers, `failed` did not answer, `owner` is responsible for the key. */
  outcome: 'answered' | 'failed' | 'owner'
  milliseconds: number
}

/** Who is responsible for a key: its owner first, then the members after it. */
export interface Owners {
  members: Contact[]
  /** Peers between this one and the owner, the owner included; 0 when this peer owns the key. */
  hops: number
}

export interface LookupOptions {
  signal: AbortSignal
  /** Members to begin with, instead of what this peer knows. */
  seeds?: readonly Contact[]
}

export interface LookupComponents {
  ring: RingState
  network: Network
  clock: Clock
}

interface Candidate {
  contact: Contact
  hop: number
  isRetry?: boolean
}

interface StepOutcome {
  candidate: Candidate
  answer: NextHop | undefined
  milliseconds: number
}

/**
 * An iterative look-up (Stoica et al. 2003): three peers are asked at a time, each hop strictly closer to the key than
 * the one that named it, until one names the owner, which then confirms it.
 */
export class Lookup {
  readonly #ring: RingState
  readonly #network: Network
  readonly #clock: Clock
  readonly #key: RingPosition
  readonly #signal: AbortSignal
  readonly #seeds: readonly Contact[] | undefined
  readonly #waiting: Candidate[] = []
  readonly #late: Candidate[] = []
  readonly #seen = new Set<string>()
  readonly #running = new Map<string, Promise<StepOutcome>>()

  constructor(components: LookupComponents, key: RingPosition, options: LookupOptions) {
    this.#ring = components.ring
    this.#network = components.network
    this.#clock = components.clock
    this.#key = key
    this.#signal = options.signal
    this.#seeds = options.seeds
  }

  /**
   * Yields each step and returns the owners.
   * @throws PeerError NOT_JOINED when nobody is known to ask, PEER_UNREACHABLE when all who were asked failed; the
   * signal's reason
   */
  async *run(): AsyncGenerator<LookupStep, Owners> {
    const owners = this.#begin()
    if (owners) {
      const confirmed = yield* this.#confirm(owners)
      if (confirmed) return confirmed
    }
    if (this.#waiting.length === 0) {
      throw new PeerError('NOT_JOINED', 'No member of a ring is known. Join the network first.')
    }
    while (this.#ask()) {
      const outcome = await Promise.race(this.#running.values())
      this.#signal.throwIfAborted()
      this.#running.delete(outcome.candidate.contact.peerId)
      yield stepOf(outcome, outcome.answer ? 'answered' : 'failed')
      if (!outcome.answer) this.#retryLater(outcome.candidate)
      const named = outcome.answer && this.#take(outcome.candidate, outcome.answer)
      const confirmed = named && (yield* this.#confirm(named))
      if (confirmed) return confirmed
    }
    throw new PeerError('PEER_UNREACHABLE', 'No peer of the ring answered. Try again in a moment.')
  }

  // What this peer can answer itself is hop 0 and costs nothing.
  #begin(): { contacts: Contact[]; hop: number } | undefined {
    if (this.#seeds) {
      for (const contact of this.#seeds) this.#add(contact, 1)
      return undefined
    }
    const own = this.#ring.nextHop(this.#key)
    for (const contact of own.closer) this.#add(contact, 1)
    return own.owners.length > 0 ? { contacts: own.owners, hop: 1 } : undefined
  }

  #add(contact: Contact, hop: number): void {
    if (contact.peerId === this.#ring.peerId || this.#seen.has(contact.peerId)) return
    if (this.#seen.size >= LOOKUP_MAX_CONTACTS) return
    this.#seen.add(contact.peerId)
    this.#waiting.push({ contact, hop })
  }

  // One late answer is no death; but whoever is waiting goes first.
  #retryLater(candidate: Candidate): void {
    if (candidate.isRetry || this.#network.isDead(candidate.contact.peerId)) return
    this.#late.push({ ...candidate, isRetry: true })
  }

  #ask(): boolean {
    this.#waiting.sort((a, b) => compareByDistance(a.contact, b.contact, this.#key))
    while (this.#running.size < LOOKUP_PARALLELISM) {
      const candidate = this.#waiting.shift() ?? this.#late.shift()
      if (!candidate) break
      this.#running.set(candidate.contact.peerId, this.#askOne(candidate))
    }
    return this.#running.size > 0
  }

  async #askOne(candidate: Candidate): Promise<StepOutcome> {
    const startedAt = this.#clock.monotonic()
    const milliseconds = (): number => this.#clock.monotonic() - startedAt
    try {
      const answer = await this.#network.call(
        candidate.contact,
        'next',
        { key: this.#key },
        { signal: this.#signal }
      )
      return { candidate, answer, milliseconds: milliseconds() }
    } catch {
      // A peer that does not answer is one failed step; the network remembers it.
      return { candidate, answer: undefined, milliseconds: milliseconds() }
    }
  }

  // A member may name only peers that are strictly closer to the key than itself; a client stands nowhere on the ring.
  #take({ contact, hop }: Candidate, answer: NextHop): { contacts: Contact[]; hop: number } | undefined {
    const closer = answer.member
      ? answer.closer.filter(next => isBetween(contact.position, next.position, this.#key))
      : answer.closer
    if (answer.member) this.#learn(contact, this.#network.roundTrip(contact.peerId))
    for (const next of closer) {
      this.#learn(next)
      if (!this.#network.isDead(next.peerId)) this.#add(next, hop + 1)
    }
    return answer.member && answer.owners.length > 0 ? { contacts: answer.owners, hop: hop + 1 } : undefined
  }

  /**
   * Asks the named owner itself. One that is dead gives way to the next member; one that has a predecessor at or behind
   * the key gives way to that, because it joined since.
   */
  async *#confirm(named: {
    contacts: Contact[]
    hop: number
  }): AsyncGenerator<LookupStep, Owners | undefined> {
    const queue = [...named.contacts]
    const asked = new Set<string>()
    let hop = named.hop
    for (let tries = 0; tries < 2 * named.contacts.length + 8; tries++) {
      const contact = queue.shift()
      if (!contact) return undefined
      if (contact.peerId === this.#ring.peerId) {
        if (this.#ring.isMember) return { members: this.#ownMembers(), hops: hop - 1 }
        continue
      }
      if (this.#network.isDead(contact.peerId) && queue.length > 0) continue
      const startedAt = this.#clock.monotonic()
      asked.add(contact.peerId)
      const view = await this.#askNeighbours(contact)
      this.#signal.throwIfAborted()
      const nearer = view?.predecessor
      const isOwner =
        view?.member === true && !(nearer && !asked.has(nearer.peerId) && this.#ownsMore(nearer, contact))
      const outcome = !view ? 'failed' : isOwner ? 'owner' : 'answered'
      yield { hop, peerId: contact.peerId, outcome, milliseconds: this.#clock.monotonic() - startedAt }
      if (view && isOwner) return { members: this.#live([contact, ...view.successors]), hops: hop }
      if (view?.member && nearer) queue.unshift(nearer, contact)
      hop++
    }
    return undefined
  }

  #ownsMore(predecessor: Contact, owner: Contact): boolean {
    if (this.#network.isDead(predecessor.peerId)) return false
    if (predecessor.peerId === this.#ring.peerId && !this.#ring.isMember) return false
    return distance(this.#key, predecessor.position) < distance(this.#key, owner.position)
  }

  async #askNeighbours(contact: Contact) {
    try {
      const view = await this.#network.call(contact, 'neighbours', {}, { signal: this.#signal })
      if (view.member) this.#learn(contact, this.#network.roundTrip(contact.peerId))
      return view
    } catch {
      // One failed step, as in #askOne.
      return undefined
    }
  }

  // Peers reached through given seeds may belong to another ring, which must not flow into this one.
  #learn(contact: Contact, roundTrip?: number): void {
    if (!this.#seeds) this.#ring.fingers.learn(contact, roundTrip)
  }

  #ownMembers(): Contact[] {
    return this.#live([this.#ring.self, ...this.#ring.successors.entries])
  }

  #live(contacts: readonly Contact[]): Contact[] {
    const distinct = new Map<string, Contact>()
    for (const contact of contacts) if (!distinct.has(contact.peerId)) distinct.set(contact.peerId, contact)
    const isOwnClient = (contact: Contact) => contact.peerId === this.#ring.peerId && !this.#ring.isMember
    return [...distinct.values()].filter(
      contact => !isOwnClient(contact) && !this.#network.isDead(contact.peerId)
    )
  }
}

/** Runs a look-up to its end. */
export async function findOwners(lookup: Lookup): Promise<Owners> {
  const steps = lookup.run()
  for (;;) {
    const step = await steps.next()
    if (step.done) return step.value
  }
}

function compareByDistance(a: Contact, b: Contact, key: RingPosition): number {
  return distance(a.position, key) < distance(b.position, key) ? -1 : 1
}

function stepOf(outcome: StepOutcome, kind: LookupStep['outcome']): LookupStep {
  const { candidate, milliseconds } = outcome
  return { hop: candidate.hop, peerId: candidate.contact.peerId, outcome: kind, milliseconds }
}
