import type { Clock } from '../clock.ts'
import { toPeerError } from '../errors.ts'
import { EventEmitter } from '../event-emitter.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import type { Contact } from './contact.ts'
import type { Network } from './network.ts'
import { PeriodicTask } from './periodic-task.ts'
import { randomlyOrdered } from './random-order.ts'
import type { RingState } from './ring-state.ts'

/** A member stands in other peers' lists and stores records; a client only asks. */
export type RingRole = 'member' | 'client'

export interface MembershipComponents {
  ring: RingState
  network: Network
  clock: Clock
  random: Random
  log: Logger
}

/** Members asked at most to dial back in one round. */
const ASKED_PER_ROUND = 3
/** Milliseconds that a dial-back may take. */
const DIAL_BACK_TIMEOUT = 10_000
/** Milliseconds between checks of a member's address. */
const MEMBER_CHECK_INTERVAL = 600_000
/** Milliseconds between a client's attempts to become a member, at first and at most. */
const CLIENT_RETRY_MIN = 30_000
const CLIENT_RETRY_MAX = 600_000
/** Failed checks in a row after which a member becomes a client again. */
const FAILED_CHECKS = 2

const REASONS = {
  notJoined: 'Not in a ring yet.',
  staysClient: 'This peer does not stay, so it only asks.',
  alone: 'This peer is the only one in its ring so far.',
  founder: 'This peer began its ring, and others have joined it.',
  noAddress: 'This peer announces no address that others could dial.',
  notYetReached: 'No other peer has reached this one on its announced address yet; it goes on asking.',
  reached: 'Another peer reached this one on its announced address.'
}

/**
 * Decides whether others may list this peer: only once another member has dialled it back on an announced address, and only
 * while that goes on working.
 */
export class Membership {
  readonly events: EventEmitter<{ changed: RingRole }>
  readonly #components: MembershipComponents
  readonly #stays: boolean
  readonly #task: PeriodicTask
  #reason = REASONS.notJoined
  #failures = 0

  constructor(components: MembershipComponents, stays: boolean) {
    this.#components = components
    this.events = new EventEmitter(error => components.log.error('A listener of the role failed', error))
    this.#stays = stays
    this.#task = new PeriodicTask({
      clock: components.clock,
      nextDelay: () => this.#nextDelay(),
      run: signal => this.#check(signal)
    })
  }

  get role(): RingRole {
    return this.#components.ring.isMember ? 'member' : 'client'
  }

  /** One sentence. */
  get reason(): string {
    const { ring } = this.#components
    return ring.isAlone ? REASONS.alone : this.#reason
  }

  start(): void {
    this.#task.start()
  }

  stop(): void {
    this.#task.stop()
    this.#reason = REASONS.notJoined
    this.#failures = 0
  }

  /** This peer's addresses changed. */
  recheck(): void {
    this.#task.poke(0)
  }

  /** The first peer of a ring needs nobody's word. A peer that does not stay is a client even then. */
  beAlone(): void {
    if (!this.#stays) {
      this.#become(false, REASONS.staysClient)
      return
    }
    this.#become(true, REASONS.alone)
    this.#reason = REASONS.founder
  }

  /** The first attempts took too long to wait for; more follow. */
  remainClient(): void {
    this.#onUnreached(REASONS.notYetReached)
  }

  /** Asks members to dial back, and becomes a member if one of them gets through. */
  async seek(members: readonly Contact[], signal: AbortSignal): Promise<void> {
    if (!this.#stays) {
      this.#become(false, REASONS.staysClient)
      return
    }
    const { ring } = this.#components
    const addresses = [...ring.self.addresses]
    if (addresses.length === 0) {
      this.#become(false, REASONS.noAddress)
      return
    }
    let reason = 'No member answered whether it can reach this peer.'
    // All at once, since some of them may be dead without anybody knowing it yet.
    const asked = members.slice(0, ASKED_PER_ROUND).map(async member => {
      const answer = await this.#ask(member, addresses, signal)
      if (answer && !answer.reached) reason = `Others cannot dial this peer: ${answer.reason}.`
      return answer?.reached || Promise.reject()
    })
    const isReached = await Promise.any(asked).catch(() => false)
    signal.throwIfAborted()
    if (isReached) this.#become(true, REASONS.reached)
    else this.#onUnreached(reason)
  }

  #onUnreached(reason: string): void {
    this.#failures++
    if (!this.#components.ring.isMember || this.#failures >= FAILED_CHECKS) this.#become(false, reason)
  }

  async #ask(member: Contact, addresses: string[], signal: AbortSignal) {
    const { network, log } = this.#components
    try {
      const options = { signal, timeout: DIAL_BACK_TIMEOUT }
      return await network.call(member, 'dialBack', { addresses }, options)
    } catch (error) {
      signal.throwIfAborted()
      log.debug(`Peer ${member.peerId} did not dial back: ${toPeerError(error).message}`)
      return undefined
    }
  }

  async #check(signal: AbortSignal): Promise<void> {
    const { ring, random, log } = this.#components
    if (ring.isAlone || !ring.successors.first) return
    try {
      await this.seek(randomlyOrdered(ring.successors.entries, random), signal)
    } catch (error) {
      if (!signal.aborted) log.warn('The check of this peer’s own address failed', toPeerError(error))
    }
  }

  #become(isMember: boolean, reason: string): void {
    const { ring, log } = this.#components
    this.#reason = reason
    if (isMember) this.#failures = 0
    if (ring.isMember === isMember) return
    ring.isMember = isMember
    if (!isMember) ring.setPredecessor(undefined)
    log.info(`${isMember ? 'Member' : 'Client'} of the ring: ${reason}`)
    this.events.emit('changed', this.role)
  }

  #nextDelay(): number | undefined {
    if (!this.#stays) return undefined
    const jitter = 0.75 + this.#components.random.float() / 2
    if (this.#components.ring.isMember && this.#failures === 0) return MEMBER_CHECK_INTERVAL * jitter
    return Math.min(CLIENT_RETRY_MAX, CLIENT_RETRY_MIN * 2 ** Math.max(0, this.#failures - 1)) * jitter
  }
}
