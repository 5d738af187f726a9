import type { Clock } from '../clock.ts'
import { toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { pickRandom, type Random } from '../random.ts'
import {
  DEAD_RETRY,
  SETTLING_PERIOD,
  STABILISE_DEBOUNCE,
  STABILISE_INTERVAL,
  STABILISE_INTERVAL_SETTLING,
  STABILISE_JITTER,
  STABILISE_MIN_SPACING
} from './constants.ts'
import type { Contact } from './contact.ts'
import { inOrder } from './contact-order.ts'
import type { FingerFixer } from './finger-fixer.ts'
import type { Network } from './network.ts'
import { PeriodicTask } from './periodic-task.ts'
import { isBetween } from './ring-position.ts'
import type { RingState } from './ring-state.ts'
import type { Neighbourhood } from './rpc/protocol.ts'

export interface StabilizerInit {
  /** Milliseconds between rounds once settled. */
  interval?: number
  /** Milliseconds between rounds in the first two minutes. */
  settlingInterval?: number
}

export interface StabilizerComponents {
  ring: RingState
  network: Network
  clock: Clock
  random: Random
  log: Logger
  fingerFixer: FingerFixer
  /** Every successor is lost. */
  onAlone(signal: AbortSignal): Promise<void>
}

/** Predecessors of a successor that one round walks back over: a merge of two rings closes up as fast as it can. */
const MAX_STEPS_PER_ROUND = 16

/**
 * Keeps this peer's place in the ring by Zave's corrected rules (arXiv 1610.01140): stabilise and rectify, at most one
 * remote question for each atomic step. A client does the same without ever offering itself, and so knows the members
 * around its position.
 */
export class Stabilizer {
  readonly #interval: number
  readonly #settlingInterval: number
  readonly #components: StabilizerComponents
  readonly #task: PeriodicTask
  #controller: AbortController | undefined
  #settledAt = 0
  #lastRoundAt = Number.NEGATIVE_INFINITY
  #fingersFixedAt = Number.NEGATIVE_INFINITY

  constructor(components: StabilizerComponents, init: StabilizerInit = {}) {
    this.#components = components
    this.#interval = init.interval ?? STABILISE_INTERVAL
    this.#settlingInterval = init.settlingInterval ?? STABILISE_INTERVAL_SETTLING
    this.#task = new PeriodicTask({
      clock: components.clock,
      nextDelay: () => this.#nextDelay(),
      run: signal => this.#runRound(signal)
    })
  }

  start(): void {
    this.stop()
    this.#controller = new AbortController()
    this.#settledAt = this.#components.clock.monotonic() + SETTLING_PERIOD
    this.#components.fingerFixer.reset()
    this.#task.start()
    this.poke()
  }

  stop(): void {
    this.#task.stop()
    this.#controller?.abort()
    this.#controller = undefined
  }

  /** Something changed: runs a round soon. Wishes are gathered, and rounds keep a distance. */
  poke(): void {
    const since = this.#components.clock.monotonic() - this.#lastRoundAt
    this.#task.poke(Math.max(STABILISE_DEBOUNCE, STABILISE_MIN_SPACING - since))
  }

  /** Takes this peer's place beside its successor now, so that others find it from here on. */
  async settle(signal: AbortSignal): Promise<void> {
    await this.#stabilise(signal)
  }

  /**
   * A neighbour's connection ended, or it was not heard of: asks it, and mends the ring if it is gone.
   */
  async verify(contact: Contact): Promise<void> {
    const signal = this.#controller?.signal
    if (!signal) return
    if (await this.#isAlive(contact, signal)) return
    this.poke()
  }

  /** One round. Runs by itself after `start`; tests may call it. */
  async round(signal: AbortSignal): Promise<void> {
    const { ring } = this.#components
    await this.#stabilise(signal)
    if (ring.isMember) await this.#checkPredecessor(signal)
    await this.#checkTail(signal)
    ring.fitSuccessors()
    if (this.#areFingersDue()) await this.#lookAround(signal)
  }

  /**
   * Takes a member that offered itself as predecessor (Zave's rectify). The old one is asked when the new one would not
   * be nearer.
   */
  async rectify(candidate: Contact): Promise<void> {
    const { ring } = this.#components
    const signal = this.#controller?.signal
    const old = ring.predecessor
    if (!ring.isMember || !signal || old?.peerId === candidate.peerId) return
    if (!old || isBetween(old.position, candidate.position, ring.position)) {
      ring.setPredecessor(candidate)
      if (old) this.#nudge(old, signal)
      return
    }
    if (await this.#isAlive(old, signal)) return
    ring.setPredecessor(candidate)
    this.poke()
  }

  /** As `rectify`, for a member that somebody else named: it has to answer first. */
  async rectifyIfAlive(candidate: Contact): Promise<void> {
    const signal = this.#controller?.signal
    if (signal && (await this.#isAlive(candidate, signal))) await this.rectify(candidate)
  }

  async #runRound(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#components
    try {
      await this.round(signal)
    } catch (error) {
      if (!signal.aborted) log.warn('A stabilise round failed', toPeerError(error))
    }
    this.#lastRoundAt = clock.monotonic()
  }

  get #isSettling(): boolean {
    return this.#components.clock.monotonic() < this.#settledAt
  }

  get #presentInterval(): number {
    return this.#isSettling ? this.#settlingInterval : this.#interval
  }

  #nextDelay(): number {
    const { random } = this.#components
    return this.#presentInterval * (1 + STABILISE_JITTER * (2 * random.float() - 1))
  }

  // A round that was wished for mends what is near; what is far away did not change with it.
  #areFingersDue(): boolean {
    const now = this.#components.clock.monotonic()
    const interval = this.#components.fingerFixer.isThrough ? this.#interval : this.#presentInterval
    if (now - this.#fingersFixedAt < interval * (1 - STABILISE_JITTER)) return false
    this.#fingersFixedAt = now
    return true
  }

  async #stabilise(signal: AbortSignal): Promise<void> {
    const { ring } = this.#components
    const before = ring.successors.entries.map(entry => entry.peerId).join()
    for (let step = 0; step < MAX_STEPS_PER_ROUND; step++) {
      const successor = ring.successors.first
      if (!successor) {
        await this.#components.onAlone(signal)
        if (!ring.successors.first) return
        continue
      }
      if (!(await this.#stabiliseWith(successor, signal))) break
    }
    const successor = ring.successors.first
    if (ring.isMember && successor) await this.#notify(successor, signal)
    const after = ring.successors.entries.map(entry => entry.peerId).join()
    if (before !== after && ring.isMember && ring.predecessor) this.#nudge(ring.predecessor, signal)
  }

  // True while there may be a nearer successor to ask.
  async #stabiliseWith(successor: Contact, signal: AbortSignal): Promise<boolean> {
    const { ring, network } = this.#components
    const view = await this.#askAgain(successor, signal)
    if (!view?.member) {
      this.#drop(successor)
      return true
    }
    this.#adopt(successor, view, signal)
    const nearer = view.predecessor
    if (!nearer || !isBetween(ring.position, nearer.position, successor.position)) return false
    if (network.deadFor(nearer.peerId) < DEAD_RETRY) return false
    const nearerView = await this.#ask(nearer, signal)
    if (!nearerView?.member) return false
    this.#adopt(nearer, nearerView, signal)
    return true
  }

  // Whom the successor's list leaves out, it may have found dead; or it hides them. They stay until they fail to answer.
  #adopt(head: Contact, view: Neighbourhood, signal: AbortSignal): void {
    const { ring, log } = this.#components
    const named = new Set(view.successors.map(contact => contact.peerId))
    const kept = ring.successors.entries.filter(contact =>
      isBetween(head.position, contact.position, ring.position)
    )
    ring.adopt(head, inOrder([...view.successors, ...kept], head.position), view.whole)
    for (const contact of kept) {
      if (named.has(contact.peerId) || !ring.successors.has(contact.peerId)) continue
      this.#isAlive(contact, signal).catch((error: unknown) => {
        if (!signal.aborted) log.debug(`Peer ${contact.peerId} was not asked: ${toPeerError(error).message}`)
      })
    }
  }

  async #offerIfAlive(contact: Contact, signal: AbortSignal): Promise<void> {
    if (await this.#isAlive(contact, signal)) this.#components.ring.offer(contact)
  }

  // One late answer is no death: the second question follows at once.
  async #askAgain(contact: Contact, signal: AbortSignal): Promise<Neighbourhood | undefined> {
    const first = await this.#ask(contact, signal)
    if (first || this.#components.network.isDead(contact.peerId)) return first
    return this.#ask(contact, signal)
  }

  async #ask(contact: Contact, signal: AbortSignal): Promise<Neighbourhood | undefined> {
    try {
      const view = await this.#components.network.call(contact, 'neighbours', {}, { signal })
      this.#components.ring.observe(contact, view)
      return view
    } catch (error) {
      signal.throwIfAborted()
      this.#components.log.debug(`Peer ${contact.peerId} did not answer: ${toPeerError(error).message}`)
      return undefined
    }
  }

  async #notify(contact: Contact, signal: AbortSignal): Promise<Neighbourhood | undefined> {
    const { ring, network, log } = this.#components
    try {
      const request = { addresses: [...ring.self.addresses] }
      return await network.call(contact, 'notify', request, { signal })
    } catch (error) {
      signal.throwIfAborted()
      log.debug(`Peer ${contact.peerId} was not notified: ${toPeerError(error).message}`)
      return undefined
    }
  }

  // Only a hint: the other side stabilises by itself a little later.
  #nudge(contact: Contact, signal: AbortSignal): void {
    const { network, log } = this.#components
    network.call(contact, 'nudge', {}, { signal }).catch((error: unknown) => {
      if (!signal.aborted) log.debug(`Peer ${contact.peerId} was not nudged: ${toPeerError(error).message}`)
    })
  }

  async #checkPredecessor(signal: AbortSignal): Promise<void> {
    const predecessor = this.#components.ring.predecessor
    if (predecessor) await this.#isAlive(predecessor, signal)
  }

  // Below r + 1 members all of the list is asked, so that every member lists every other; above, one entry at random.
  async #checkTail(signal: AbortSignal): Promise<void> {
    const { ring, random } = this.#components
    const tail = ring.successors.entries.slice(1)
    if (ring.successors.isWhole) {
      // A finger that is missing disproves that the list is whole.
      const missing = ring.fingers.all().filter(contact => !ring.successors.has(contact.peerId))
      await Promise.all([
        ...tail.map(contact => this.#greet(contact, signal)),
        ...missing.map(contact => this.#offerIfAlive(contact, signal))
      ])
      return
    }
    const chosen = pickRandom(tail, random)
    if (chosen) await this.#checkEntry(chosen, signal)
  }

  // Its predecessor ought to be the entry before it, or one that the members between did not tell of.
  async #checkEntry(contact: Contact, signal: AbortSignal): Promise<void> {
    const { ring } = this.#components
    const view = await this.#askAgain(contact, signal)
    if (!view?.member) {
      this.#drop(contact)
      return
    }
    const nearer = view.predecessor
    if (!nearer || ring.successors.has(nearer.peerId)) return
    if (isBetween(ring.position, nearer.position, contact.position)) await this.#offerIfAlive(nearer, signal)
  }

  async #greet(contact: Contact, signal: AbortSignal): Promise<void> {
    const { ring, network } = this.#components
    if (!ring.isMember) {
      await this.#isAlive(contact, signal)
      return
    }
    const view = (await this.#notify(contact, signal)) ?? (await this.#notifyAgain(contact, signal))
    if (view?.member === false || (!view && network.isDead(contact.peerId))) this.#drop(contact)
    for (const other of view?.member ? view.successors : []) {
      if (ring.successors.isWhole && other.peerId !== ring.peerId) ring.offer(other)
    }
  }

  async #notifyAgain(contact: Contact, signal: AbortSignal): Promise<Neighbourhood | undefined> {
    return this.#components.network.isDead(contact.peerId) ? undefined : this.#notify(contact, signal)
  }

  async #isAlive(contact: Contact, signal: AbortSignal): Promise<boolean> {
    const { ring, network } = this.#components
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const { member } = await network.call(contact, 'ping', {}, { signal })
        if (!member) this.#drop(contact)
        return member
      } catch {
        signal.throwIfAborted()
        if (network.isDead(contact.peerId)) break
      }
    }
    if (ring.neighbour(contact.peerId)) this.#drop(contact)
    return false
  }

  async #lookAround(signal: AbortSignal): Promise<void> {
    const { fingerFixer } = this.#components
    await fingerFixer.fix(signal)
    const mistaken = await fingerFixer.lookUpSelf(this.#isSettling, signal)
    if (mistaken) await this.#notify(mistaken, signal)
  }

  #drop(contact: Contact): void {
    this.#components.ring.forget(contact.peerId)
  }
}
