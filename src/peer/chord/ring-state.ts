import { EventEmitter } from '../event-emitter.ts'
import type { Logger } from '../log.ts'
import {
  CLOSER_CONTACTS,
  DIVERSE_RING,
  LARGE_RING,
  REPLICAS,
  SUCCESSORS,
  SUCCESSORS_LARGE
} from './constants.ts'
import { type Contact, contactOf } from './contact.ts'
import { Density } from './density.ts'
import { FingerTable } from './finger-table.ts'
import { distance, isBetween, isInRange, type RingPosition } from './ring-position.ts'
import type { Neighbourhood, NextHop } from './rpc/protocol.ts'
import { SuccessorList } from './successor-list.ts'

export interface RingStateEvents {
  successors: readonly Contact[]
  predecessor: { previous: Contact | undefined; current: Contact | undefined }
}

export interface RingStateInit {
  peerId: string
  /** This peer's announced addresses, as they are now. */
  addresses(): readonly string[]
  /** Length of the successor list; default: 8, and 16 in a ring of more than 500. */
  successors?: number
  isDead(peerId: string): boolean
  log: Logger
}

/** What one peer knows of its ring. Holds state and answers questions about it; sends nothing. */
export class RingState {
  readonly events: EventEmitter<RingStateEvents>
  readonly peerId: string
  readonly position: RingPosition
  readonly successors: SuccessorList
  readonly fingers: FingerTable
  readonly density: Density
  /** Whether others may list this peer. */
  isMember = false
  readonly #init: RingStateInit
  #predecessor: Contact | undefined

  constructor(init: RingStateInit) {
    this.#init = init
    this.events = new EventEmitter(error => init.log.error('A listener of the ring failed', error))
    this.peerId = init.peerId
    this.position = contactOf(init.peerId, []).position
    this.fingers = new FingerTable(this.position)
    this.density = new Density(init.peerId)
    this.successors = new SuccessorList(
      this.position,
      init.successors ?? SUCCESSORS,
      contact => !init.isDead(contact.peerId)
    )
  }

  /** This peer as others see it. */
  get self(): Contact {
    return { peerId: this.peerId, position: this.position, addresses: this.#init.addresses() }
  }

  get predecessor(): Contact | undefined {
    return this.#predecessor
  }

  setPredecessor(contact: Contact | undefined): void {
    const previous = this.#predecessor
    this.#predecessor = contact
    if (previous?.peerId !== contact?.peerId) {
      this.events.emit('predecessor', { previous, current: contact })
    }
  }

  /** See `SuccessorList.adopt`. Returns whether the list changed. */
  adopt(head: Contact, tail: readonly Contact[], isTailWhole = false): boolean {
    for (const contact of [head, ...tail]) this.fingers.learn(contact)
    return this.#changed(this.successors.adopt(head, tail, isTailWhole))
  }

  /** See `SuccessorList.offer`. */
  offer(contact: Contact): boolean {
    return this.#changed(this.successors.offer(contact))
  }

  /** Learns from what a member says of its surroundings how densely the ring is populated. */
  observe({ peerId, position }: Contact, view: Neighbourhood): void {
    if (view.member && !view.whole) this.density.observe(peerId, position, view.successors)
  }

  /** Forgets a peer that is dead, has left, or is no member any more. */
  forget(peerId: string): void {
    this.fingers.remove(peerId)
    this.density.forget(peerId)
    if (this.#predecessor?.peerId === peerId) this.setPredecessor(undefined)
    this.#changed(this.successors.remove(peerId))
  }

  clear(): void {
    this.isMember = false
    this.#predecessor = undefined
    this.successors.clear()
    this.fingers.clear()
    this.density.clear()
  }

  /** The predecessor or successor of that peer id: one that this peer must notice when it fails. */
  neighbour(peerId: string): Contact | undefined {
    if (this.#predecessor?.peerId === peerId) return this.#predecessor
    return this.successors.entries.find(entry => entry.peerId === peerId)
  }

  /** A member alone: owns every key. */
  get isAlone(): boolean {
    return this.isMember && this.successors.first === undefined
  }

  /** Where the keys begin that this member owns, itself when it owns all; undefined while it cannot tell. */
  get ownedFrom(): RingPosition | undefined {
    if (!this.isMember) return undefined
    if (this.isAlone) return this.position
    return this.#predecessor?.position
  }

  owns(key: RingPosition): boolean {
    const from = this.ownedFrom
    return from !== undefined && isInRange(from, key, this.position)
  }

  /** Members that hold copies of what this one owns. */
  replicaTargets(): readonly Contact[] {
    return this.successors.entries.slice(0, REPLICAS - 1)
  }

  neighbourhood(): Neighbourhood {
    return {
      member: this.isMember,
      ...(this.isMember && this.#predecessor ? { predecessor: this.#predecessor } : {}),
      successors: [...this.successors.entries],
      whole: this.successors.isWhole
    }
  }

  /** Whom this peer asks first when it looks for a key itself. One that is joining knows only a few, wherever they stand. */
  entriesFor(key: RingPosition): readonly Contact[] {
    const closer = this.#closerTo(key)
    if (closer.length > 0) return closer
    const { entries } = this.successors
    return entries.length > 0 ? entries : this.fingers.all()
  }

  /** Everybody that this peer knows before a key, successors first: for when those of `entriesFor` are dead. */
  allEntriesFor(key: RingPosition): Contact[] {
    const preceding = this.successors.entries.filter(entry => isBetween(this.position, entry.position, key))
    return [...preceding, ...this.fingers.closestPreceding(key, Number.POSITIVE_INFINITY)]
  }

  /** What this peer answers to one step of a look-up (Stoica 2003, closest preceding node, with successor lists). */
  nextHop(key: RingPosition): NextHop {
    return {
      member: this.isMember,
      owners: this.isMember ? this.#ownersOf(key) : [],
      closer: this.isMember ? this.#closerTo(key) : [...this.successors.entries]
    }
  }

  /** Members of the ring, this one included when it is one: exact while every member is listed, else from the gaps. */
  estimatedSize(): number {
    const own = this.isMember ? 1 : 0
    const known = this.successors.entries.length + own
    if (this.successors.isWhole) return known
    return Math.max(known, Math.round(this.density.members ?? 0) + own)
  }

  /** Fits length and diversity of the successor list to the ring's size, with some distance on the way back. */
  fitSuccessors(): void {
    const size = this.estimatedSize()
    const isDiverse = size > DIVERSE_RING
    const { capacity } = this.successors
    if (this.#init.successors !== undefined) this.successors.resize(capacity, isDiverse)
    else if (size > LARGE_RING) this.successors.resize(SUCCESSORS_LARGE, isDiverse)
    else if (size < LARGE_RING * 0.8) this.successors.resize(SUCCESSORS, isDiverse)
  }

  #ownersOf(key: RingPosition): Contact[] {
    if (this.owns(key)) return [this.self, ...this.successors.entries]
    const index = this.successors.entries.findIndex(entry => isInRange(this.position, key, entry.position))
    return index < 0 ? [] : this.successors.entries.slice(index)
  }

  #closerTo(key: RingPosition): Contact[] {
    const preceding = this.successors.entries.filter(entry => isBetween(this.position, entry.position, key))
    const candidates = [...this.fingers.closestPreceding(key, CLOSER_CONTACTS), ...preceding.slice(-2)]
    const distinct = new Map(candidates.map(contact => [contact.peerId, contact]))
    const live = [...distinct.values()].filter(contact => !this.#init.isDead(contact.peerId))
    return live.sort((a, b) => (distance(a.position, key) < distance(b.position, key) ? -1 : 1))
  }

  #changed(changed: boolean): boolean {
    if (!changed) return false
    const { entries, isWhole } = this.successors
    if (!isWhole) this.density.observe(this.peerId, this.position, entries)
    this.events.emit('successors', entries)
    return true
  }
}
