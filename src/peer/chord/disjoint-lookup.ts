import type { Clock } from '../clock.ts'
import { toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import { LOOKUP_PARALLELISM, MAX_PATHS, SUCCESSORS } from './constants.ts'
import type { Contact } from './contact.ts'
import { inOrder } from './contact-order.ts'
import { findOwners, Lookup, type LookupOptions, type LookupPath, type Owners } from './lookup.ts'
import type { Network } from './network.ts'
import { randomlyOrdered } from './random-order.ts'
import type { RingPosition } from './ring-position.ts'
import type { RingState } from './ring-state.ts'

export interface DisjointLookupComponents {
  ring: RingState
  network: Network
  clock: Clock
  random: Random
  log: Logger
}

/** Fingers near the key that a further path may begin with; the others begin anywhere. */
const NEAR_ENTRIES = 8

/**
 * Seeks the owners of one key along several paths that share no peer (Baumgart and Mies 2007, "S/Kademlia"). Positions
 * cannot be chosen and owners answer for themselves, so the nearest owner that any path finds is the true one: liars have
 * to stand on every path.
 */
export class DisjointLookup {
  readonly #components: DisjointLookupComponents
  readonly #key: RingPosition
  readonly #options: LookupOptions
  readonly #taken = new Set<string>()
  readonly #found: Owners[] = []
  #paths = 0
  #isExhausted = false
  #problem: unknown

  constructor(components: DisjointLookupComponents, key: RingPosition, options: LookupOptions) {
    this.#components = components
    this.#key = key
    this.#options = options
  }

  /**
   * `agreeing` paths at once, and two more at a time until `agreeing` lead to the same likely owner.
   * @throws what the last path threw, when none led to an owner
   */
  async agree(agreeing: number): Promise<Owners> {
    const apart = this.#isAllInView ? 0 : agreeing - 1
    await Promise.all([
      this.#walk({ taken: this.#taken }),
      ...Array.from({ length: apart }, () => this.#walkApart())
    ])
    while (!this.#isAgreed(agreeing)) {
      const walked = await Promise.all([this.#walkApart(), this.#walkApart()])
      this.#options.signal.throwIfAborted()
      if (!walked.includes(true)) break
    }
    this.#options.signal.throwIfAborted()
    if (this.#found.length === 0) throw this.#problem
    return this.owners
  }

  /** Walks one more path, wherever it leads. Returns false when there is none left, or enough have been walked. */
  async another(): Promise<boolean> {
    const isWalked = await this.#walkApart()
    this.#options.signal.throwIfAborted()
    return isWalked
  }

  /** What all paths found: the nearest owner, and every member named behind it, nearest first. */
  get owners(): Owners {
    const named = this.#found.flatMap(found => found.members)
    const members = inOrder(named, this.#key)
    // What a path names behind its owner is farther than that, so the nearest of all is an owner.
    const nearest = this.#found.find(found => found.members[0]?.peerId === members[0]?.peerId)
    return { hops: 0, ...nearest, members }
  }

  /** In a ring where everybody lists everybody there is nobody on the way to be lied to by. */
  get #isAllInView(): boolean {
    const { ring } = this.#components
    const { isWhole, first } = ring.successors
    return !this.#options.seeds && isWhole && (first !== undefined || ring.isMember)
  }

  #isAgreed(agreeing: number): boolean {
    const [owner] = this.owners.members
    if (!owner) return false
    if (this.#isAllInView) return true
    const same = this.#found.filter(({ members }) => members[0]?.peerId === owner.peerId)
    return same.length >= agreeing && this.#isLikely
  }

  get #isLikely(): boolean {
    if (this.#options.seeds) return true
    return this.#components.ring.density.isLikely(this.#key, this.owners.members.slice(0, SUCCESSORS))
  }

  async #walkApart(): Promise<boolean> {
    if (this.#isExhausted || this.#paths >= MAX_PATHS) return false
    const from = this.#freshEntries()
    if (!this.#options.seeds && from.length === 0) return false
    return await this.#walk(this.#options.seeds ? { taken: this.#taken } : { from, taken: this.#taken })
  }

  // Beginning anywhere costs a hop, and leads past whoever may have gathered around this peer.
  #freshEntries(): Contact[] {
    const { ring, random } = this.#components
    const isFresh = ({ peerId }: Contact): boolean => !this.#taken.has(peerId)
    const near = ring.fingers.closestPreceding(this.#key, NEAR_ENTRIES).filter(isFresh)
    const anywhere = randomlyOrdered(ring.fingers.all().filter(isFresh), random)
    return [...near.slice(0, LOOKUP_PARALLELISM - 1), ...anywhere.slice(0, LOOKUP_PARALLELISM - 1)]
  }

  async #walk(path: LookupPath): Promise<boolean> {
    const { ring, network, clock, log } = this.#components
    this.#paths++
    try {
      const lookup = new Lookup({ ring, network, clock }, this.#key, this.#options, path)
      this.#found.push(await findOwners(lookup))
      return true
    } catch (error) {
      this.#problem = error
      // All paths from outside begin at the same members: one dead end tells that nobody new is behind them.
      this.#isExhausted = this.#options.seeds !== undefined
      log.debug(`A path to a key ended: ${toPeerError(error).message}`)
      return !this.#isExhausted
    }
  }
}
