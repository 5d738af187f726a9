import { toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { pickRandom, type Random } from '../random.ts'
import {
  FINGERS_PER_FIRST_ROUND,
  FINGERS_PER_ROUND,
  RING_BITS,
  ROUNDS_PER_SELF_LOOKUP,
  ROUNDS_PER_SELF_LOOKUP_SETTLING
} from './constants.ts'
import type { Contact } from './contact.ts'
import type { Owners } from './lookup.ts'
import { advance, distance, intervalOf, type RingPosition } from './ring-position.ts'
import type { RingState } from './ring-state.ts'

export interface FingerFixerComponents {
  ring: RingState
  random: Random
  log: Logger
  /** Looks up a ring position, so that the fingers along the way are learnt. */
  lookup(key: RingPosition, signal: AbortSignal): Promise<unknown>
  /** Looks up a ring position beginning with one member, on a way that leads around this peer's neighbours. */
  lookupFrom(from: Contact, key: RingPosition, signal: AbortSignal): Promise<Owners>
}

/** Times that all fingers are looked up at the faster pace. */
const FIRST_PASSES = 2

/** Looks beyond a peer's neighbours: keeps its fingers fresh (Stoica 2003, fix_fingers), and sees whether far members know it. */
export class FingerFixer {
  readonly #components: FingerFixerComponents
  #nextFinger = RING_BITS - 1
  #roundsUntilSelfLookup = 1
  #passes = 0

  constructor(components: FingerFixerComponents) {
    this.#components = components
  }

  /** Whether it has been through all intervals often enough since the start: from then on they only need to stay fresh. */
  get isThrough(): boolean {
    return this.#passes >= FIRST_PASSES
  }

  /** Begins anew, as after a join. */
  reset(): void {
    this.#nextFinger = RING_BITS - 1
    this.#passes = 0
    this.#roundsUntilSelfLookup = 1
  }

  /**
   * Looks up the next fingers, from the farthest interval inwards, until the successor list covers the rest.
   */
  async fix(signal: AbortSignal): Promise<void> {
    const { ring, random, lookup, log } = this.#components
    const last = ring.successors.last
    if (!last || ring.successors.isWhole) return
    const lowest = intervalOf(distance(ring.position, last.position))
    const wanted = this.isThrough ? FINGERS_PER_ROUND : FINGERS_PER_FIRST_ROUND
    for (let fixed = 0; fixed < wanted; fixed++) {
      if (this.#nextFinger < lowest) {
        this.#nextFinger = RING_BITS - 1
        this.#passes++
      }
      const start = 1n << BigInt(this.#nextFinger--)
      const within = BigInt(Math.floor(random.float() * 2 ** 32)) * (start >> 32n)
      try {
        await lookup(advance(ring.position, start + within), signal)
      } catch (error) {
        signal.throwIfAborted()
        log.debug(`A finger was not found: ${toPeerError(error).message}`)
      }
    }
  }

  /**
   * Asks a far member, in some of the rounds, who owns this peer's own position. Who does not know that it does has not
   * heard of it, or was lied to by a member between them, and ought to be told: nobody else would, because lists go from
   * successor to predecessor. Returns whom to tell. A nearer successor that turns up is taken.
   * @param isSettling whether this peer has joined lately, and looks more often
   */
  async lookUpSelf(isSettling: boolean, signal: AbortSignal): Promise<Contact | undefined> {
    const { ring, random, lookupFrom, log } = this.#components
    if (!ring.isMember || ring.successors.isWhole || --this.#roundsUntilSelfLookup > 0) return undefined
    this.#roundsUntilSelfLookup = isSettling ? ROUNDS_PER_SELF_LOOKUP_SETTLING : ROUNDS_PER_SELF_LOOKUP
    const from = pickRandom(ring.fingers.all(), random)
    if (!from) return undefined
    try {
      const { members, mistaken } = await lookupFrom(from, ring.position, signal)
      if (members[0]) ring.offer(members[0])
      return mistaken
    } catch (error) {
      signal.throwIfAborted()
      log.debug(`This peer was not looked up: ${toPeerError(error).message}`)
      return undefined
    }
  }
}
