import type { Clock } from '../clock.ts'
import { PeerError } from '../errors.ts'
import { type Claim, Claims } from './claims.ts'
import {
  LOOKUP_MAX_CONTACTS,
  LOOKUP_PARALLELISM,
  LOOKUP_SLOW_AFTER,
  MAX_DOUBTS,
  SUCCESSORS
} from './constants.ts'
import type { Contact } from './contact.ts'
import { compareBefore, inOrder } from './contact-order.ts'
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
  /** The member that led here although it does not know the owner, and named the next one instead. */
  mistaken?: Contact
}

export interface LookupOptions {
  signal: AbortSignal
  /** Members of a ring that may be another one: the look-up begins with them, and nothing is learnt on its way. */
  seeds?: readonly Contact[]
}

/**
 * The way that a look-up takes when it is one of several for the same key. Such a look-up is wary: whoever names an owner
 * at once may be lying, so it goes on until the members nearest to the key have had their say.
 */
export interface LookupPath {
  /** Members of this ring to begin with, instead of those nearest to the key. */
  from?: readonly Contact[]
  /** Who has been asked on other paths: not asked on this one, and extended by it. */
  taken: Set<string>
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

/** Members nearest to the key that a wary look-up hears before it ends. */
const WARY_CLAIMS = 3

/** Milliseconds within which a peer that another path asked has answered there. */
const ANSWERED_LATELY = 30_000

/** Contacts of its own that a look-up falls back on. */
const MAX_RESERVE = 24

interface StepOutcome {
  candidate: Candidate
  answer: NextHop | undefined
  milliseconds: number
}

/**
 * An iterative look-up (Stoica et al. 2003): three peers are asked at a time, and others beside those that are slow, each hop
 * strictly closer to the key than the one that named it, until one names the owner, which then confirms it. An owner so far from
 * the key that others ought to stand between is believed only when nobody names a nearer one.
 */
export class Lookup {
  readonly #ring: RingState
  readonly #network: Network
  readonly #clock: Clock
  readonly #key: RingPosition
  readonly #signal: AbortSignal
  readonly #seeds: readonly Contact[] | undefined
  readonly #path: LookupPath | undefined
  readonly #claims: Claims
  readonly #waiting: Candidate[] = []
  readonly #late: Candidate[] = []
  /** Not asked, because another path has asked them. */
  readonly #elsewhere: Contact[] = []
  readonly #seen = new Set<string>()
  #reserve: Contact[] | undefined
  readonly #running = new Map<string, Promise<StepOutcome>>()
  /** Of those running, the ones that have been waited for long enough. */
  readonly #slow = new Set<string>()
  #onSlow = Promise.withResolvers<undefined>()
  #hasAnswer = false

  constructor(components: LookupComponents, key: RingPosition, options: LookupOptions, path?: LookupPath) {
    this.#ring = components.ring
    this.#network = components.network
    this.#clock = components.clock
    this.#key = key
    this.#signal = options.signal
    this.#seeds = options.seeds
    this.#path = path
    this.#claims = new Claims(key, options.seeds ? undefined : components.ring.density)
  }

  /**
   * Yields each step and returns the owners.
   * @throws PeerError NOT_JOINED when nobody is known to ask, PEER_UNREACHABLE when all who were asked failed; the
   * signal's reason
   */
  async *run(): AsyncGenerator<LookupStep, Owners> {
    const walk = this.#walk()
    let failed = 0
    for (;;) {
      const step = await walk.next()
      if (step.done) {
        this.#network.events.emit('lookedUp', { hops: step.value.hops, failed })
        return step.value
      }
      if (step.value.outcome === 'failed') failed++
      yield step.value
    }
  }

  async *#walk(): AsyncGenerator<LookupStep, Owners> {
    const owners = this.#begin()
    if (owners) {
      const confirmed = yield* this.#confirm(owners)
      if (confirmed) return confirmed
    }
    if (this.#waiting.length === 0) {
      throw new PeerError('NOT_JOINED', 'No member of a ring is known. Join the network first.')
    }
    while (this.#ask()) {
      if (this.#isWaitingInVain) {
        const confirmed = yield* this.#confirm(this.#claims.all())
        if (confirmed) return confirmed
        this.#claims.clear()
      }
      const outcome = await Promise.race([...this.#running.values(), this.#onSlow.promise])
      this.#signal.throwIfAborted()
      if (!outcome) {
        this.#onSlow = Promise.withResolvers()
        continue
      }
      this.#running.delete(outcome.candidate.contact.peerId)
      yield stepOf(outcome, outcome.answer ? 'answered' : 'failed')
      if (!outcome.answer) this.#retryLater(outcome.candidate)
      const claim = outcome.answer && this.#weigh(this.#take(outcome.candidate, outcome.answer))
      const confirmed = claim && (yield* this.#confirm(claim))
      if (confirmed) return confirmed
    }
    const confirmed =
      (yield* this.#confirm(this.#claims.all())) ?? (yield* this.#confirm(this.#knownBehind()))
    if (confirmed) return confirmed
    throw new PeerError('PEER_UNREACHABLE', 'No peer of the ring answered. Try again in a moment.')
  }

  // What this peer can answer itself is hop 0 and costs nothing.
  #begin(): Claim | undefined {
    const from = this.#seeds ?? this.#path?.from
    if (from) {
      for (const contact of from) this.#add(contact, 1)
      return undefined
    }
    for (const contact of this.#ring.entriesFor(this.#key)) this.#add(contact, 1)
    const { owners } = this.#ring.nextHop(this.#key)
    return owners.length > 0 ? { contacts: owners, hop: 1 } : undefined
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
    this.#waiting.sort((a, b) => compareBefore(a.contact, b.contact, this.#key))
    while (this.#running.size - this.#slow.size < LOOKUP_PARALLELISM) {
      const candidate = this.#nextFree() ?? this.#nextWhenStuck()
      if (!candidate) break
      this.#running.set(candidate.contact.peerId, this.#askOne(candidate))
    }
    return this.#running.size > 0
  }

  // What is known already need not wait for those who are probably dead; but liars answer at once, and leave gaps.
  get #isWaitingInVain(): boolean {
    return this.#claims.size > 0 && this.#slow.size === this.#running.size && this.#claims.areLikely
  }

  // The seeds of a look-up from outside are the only way in: all paths begin there.
  #nextFree(): Candidate | undefined {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const { peerId } = next.contact
      const isWayIn = this.#seeds !== undefined && next.hop === 1
      if (this.#hasHeardNearer(next.contact)) return undefined
      this.#waiting.shift()
      if (this.#path?.taken.has(peerId) && !isWayIn) {
        this.#elsewhere.push(next.contact)
        continue
      }
      this.#path?.taken.add(peerId)
      return next
    }
    return undefined
  }

  // Somebody has failed or is slow, and answers named nobody else. Others that this peer knows itself are more likely to live, so
  // they go before a second question.
  #nextWhenStuck(): Candidate | undefined {
    if (this.#late.length + this.#slow.size === 0) return undefined
    this.#reserve ??= this.#contactsInReserve()
    for (let contact = this.#reserve.shift(); contact; contact = this.#reserve.shift()) {
      if (this.#seen.has(contact.peerId) || this.#network.isDead(contact.peerId)) continue
      this.#seen.add(contact.peerId)
      return { contact, hop: 1 }
    }
    return this.#claims.size > 0 ? undefined : this.#late.shift()
  }

  #contactsInReserve(): Contact[] {
    if (this.#seeds || this.#path) return []
    const known = this.#ring.allEntriesFor(this.#key)
    return known.sort((a, b) => compareBefore(a, b, this.#key)).slice(0, MAX_RESERVE)
  }

  async #askOne(candidate: Candidate): Promise<StepOutcome> {
    const startedAt = this.#clock.monotonic()
    const milliseconds = (): number => this.#clock.monotonic() - startedAt
    const cancel = this.#clock.after(LOOKUP_SLOW_AFTER, () => {
      this.#slow.add(candidate.contact.peerId)
      this.#onSlow.resolve(undefined)
    })
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
    } finally {
      cancel()
      this.#slow.delete(candidate.contact.peerId)
    }
  }

  // A member may name only peers that are strictly closer to the key than itself; a client stands nowhere on the ring.
  #take({ contact, hop }: Candidate, answer: NextHop): Claim | undefined {
    this.#hasAnswer = true
    const closer = answer.member
      ? answer.closer.filter(next => isBetween(contact.position, next.position, this.#key))
      : answer.closer
    if (answer.member) this.#learn(contact, this.#network.roundTrip(contact.peerId))
    for (const next of closer) {
      this.#learn(next)
      if (!this.#network.isDead(next.peerId)) this.#add(next, hop + 1)
    }
    if (!answer.member || answer.owners.length === 0) return undefined
    return { contacts: answer.owners, hop: hop + 1, by: contact }
  }

  #weigh(claim: Claim | undefined): Claim | undefined {
    if (!claim) return undefined
    if (!this.#path && this.#claims.isPlausible(claim)) return claim
    this.#claims.add(claim)
    return this.#path || this.#claims.size <= MAX_DOUBTS ? undefined : this.#claims.all()
  }

  // Where a whole list died at once nobody before the key knows who is behind it; but this peer may. Where nobody answered at all,
  // nobody will; and paths that are to be apart must not end at the same contacts.
  #knownBehind(): Claim {
    const isOfUse = this.#hasAnswer && !this.#seeds && !this.#path
    const known = isOfUse ? this.#ring.fingers.all() : []
    return { contacts: inOrder(known, this.#key).slice(0, SUCCESSORS), hop: 1 }
  }

  // Whoever answered on another path has had its say there.
  #hasHeardNearer(contact: Contact): boolean {
    if (!this.#path || this.#claims.size === 0) return false
    const elsewhere = this.#elsewhere.filter(
      ({ peerId }) => this.#network.silentFor(peerId) < ANSWERED_LATELY
    )
    const heard = [...this.#claims.claimants, ...elsewhere]
    const nearer = heard.filter(by => compareBefore(by, contact, this.#key) < 0)
    return nearer.length >= WARY_CLAIMS && this.#claims.areLikely
  }

  /**
   * Asks the named owner itself. One that is dead gives way to the next member; one that has a predecessor at or behind
   * the key gives way to that, because it joined since.
   */
  async *#confirm(claim: Claim): AsyncGenerator<LookupStep, Owners | undefined> {
    const queue = [...claim.contacts]
    const asked = new Set<string>()
    let hop = claim.hop
    for (let tries = 0; tries < 2 * claim.contacts.length + SUCCESSORS; tries++) {
      const contact = queue.shift()
      if (!contact) return undefined
      if (contact.peerId === this.#ring.peerId) {
        if (this.#ring.isMember) return this.#ownersFrom(this.#ring.self, claim, hop - 1, [])
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
      if (view && isOwner) return this.#ownersFrom(contact, claim, hop, view.successors)
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
      if (!this.#seeds) this.#ring.observe(contact, view)
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

  // An owner that lies about who follows it is corrected by whoever named it, and one that it does not know yet is named by it.
  #ownersFrom(owner: Contact, claim: Claim, hops: number, successors: readonly Contact[]): Owners {
    const own = owner.peerId === this.#ring.peerId ? this.#ring.successors.entries : []
    const reach = distance(this.#key, owner.position)
    const behind = [...successors, ...own, ...claim.contacts].filter(
      contact => distance(this.#key, contact.position) > reach
    )
    const members = inOrder([owner, ...behind], this.#key).filter(contact => this.#mayAnswer(contact))
    const isKnown = claim.contacts.some(({ peerId }) => peerId === owner.peerId)
    return { members, hops, ...(claim.by && !isKnown ? { mistaken: claim.by } : {}) }
  }

  #mayAnswer({ peerId }: Contact): boolean {
    if (peerId === this.#ring.peerId) return this.#ring.isMember
    return !this.#network.isDead(peerId)
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

function stepOf(outcome: StepOutcome, kind: LookupStep['outcome']): LookupStep {
  const { candidate, milliseconds } = outcome
  return { hop: candidate.hop, peerId: candidate.contact.peerId, outcome: kind, milliseconds }
}
