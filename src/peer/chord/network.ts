import type { Clock } from '../clock.ts'
import { toPeerError } from '../errors.ts'
import { EventEmitter } from '../event-emitter.ts'
import type { Logger } from '../log.ts'
import {
  DEAD_MEMORY,
  LOST_CONTACTS,
  MISSES_UNTIL_DEAD,
  RPC_TIMEOUT_MAX,
  RPC_TIMEOUT_MIN
} from './constants.ts'
import type { Contact } from './contact.ts'
import { deadline } from './deadline.ts'
import type { Method, Reply, Request, Transport } from './rpc/protocol.ts'

export interface NetworkEvents {
  /** A peer answered. */
  answered: { contact: Contact; roundTrip: number }
  /** A peer counts as dead from now on. */
  dead: { peerId: string }
  /** A peer started anew since we last heard of it: it stores nothing of what it stored. */
  restarted: { peerId: string }
  /** A look-up found an owner; so many peers on its way did not answer. */
  lookedUp: { hops: number; failed: number }
}

export interface CallOptions {
  signal: AbortSignal
  /** Milliseconds; default: follows the measured round-trip time. */
  timeout?: number
}

interface PeerHealth {
  roundTrip: number | undefined
  misses: number
  deadSince: number | undefined
  incarnation: number | undefined
  heardAt: number
}

const MAX_PEERS_REMEMBERED = 2048

/**
 * The outgoing side: sends requests with deadlines, measures round-trip times, and remembers who does not answer.
 */
export class Network {
  readonly events: EventEmitter<NetworkEvents>
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #health = new Map<string, PeerHealth>()
  readonly #lost = new Map<string, Contact>()

  constructor(transport: Transport, clock: Clock, log: Logger) {
    this.events = new EventEmitter(error => log.error('A listener of the network failed', error))
    this.#transport = transport
    this.#clock = clock
  }

  /**
   * Sends one request and waits for its reply.
   * @throws PeerError PEER_UNREACHABLE, TIMEOUT, what the other side refused with, or the signal's reason
   */
  async call<M extends Method>(
    to: Contact,
    method: M,
    request: Request<M>,
    options: CallOptions
  ): Promise<Reply<M>> {
    options.signal.throwIfAborted()
    const limit = deadline(this.#clock, options.timeout ?? this.#timeoutFor(to.peerId), options.signal)
    const sentAt = this.#clock.monotonic()
    try {
      const answer = await this.#transport.call(to, method, request, limit.signal)
      this.#noteAnswer(to, this.#clock.monotonic() - sentAt, answer.incarnation)
      return answer.reply
    } catch (error) {
      options.signal.throwIfAborted()
      this.#noteFailure(to, toPeerError(error).code)
      throw error
    } finally {
      limit.release()
    }
  }

  /** True while a peer that did not answer is refused when others name it. */
  isDead(peerId: string): boolean {
    const since = this.#health.get(peerId)?.deadSince
    return since !== undefined && this.#clock.monotonic() - since < DEAD_MEMORY
  }

  /** Milliseconds since a peer was found dead; Infinity when it is not known to be. */
  deadFor(peerId: string): number {
    const since = this.#health.get(peerId)?.deadSince
    return since === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonic() - since
  }

  /** Milliseconds since the peer last answered or asked. */
  silentFor(peerId: string): number {
    const heardAt = this.#health.get(peerId)?.heardAt
    return heardAt === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonic() - heardAt
  }

  /** Smoothed round-trip time in milliseconds, if it ever answered. */
  roundTrip(peerId: string): number | undefined {
    return this.#health.get(peerId)?.roundTrip
  }

  /** A request of theirs came in: they live. */
  noteHeard(peerId: string): void {
    this.#noteAlive(peerId, this.#healthOf(peerId))
  }

  /** They said good-bye. */
  noteLeft(peerId: string): void {
    this.#markDead(peerId)
    this.#lost.delete(peerId)
  }

  /** A former neighbour that stopped answering: a healed partition is found by asking it again. */
  rememberLost(contact: Contact): void {
    this.#lost.delete(contact.peerId)
    this.#lost.set(contact.peerId, contact)
    const oldest = this.#lost.keys().next()
    if (this.#lost.size > LOST_CONTACTS && !oldest.done) this.#lost.delete(oldest.value)
  }

  lost(): Contact[] {
    return [...this.#lost.values()]
  }

  #timeoutFor(peerId: string): number {
    const roundTrip = this.#health.get(peerId)?.roundTrip
    if (roundTrip === undefined) return RPC_TIMEOUT_MAX
    return Math.min(RPC_TIMEOUT_MAX, Math.max(RPC_TIMEOUT_MIN, roundTrip * 8))
  }

  #noteAnswer(contact: Contact, roundTrip: number, incarnation: number): void {
    const health = this.#healthOf(contact.peerId)
    const restarted = health.incarnation !== undefined && health.incarnation !== incarnation
    health.incarnation = incarnation
    health.roundTrip = health.roundTrip === undefined ? roundTrip : health.roundTrip * 0.8 + roundTrip * 0.2
    this.#noteAlive(contact.peerId, health)
    if (restarted) this.events.emit('restarted', { peerId: contact.peerId })
    this.events.emit('answered', { contact, roundTrip: health.roundTrip })
  }

  #noteAlive(peerId: string, health: PeerHealth): void {
    health.misses = 0
    health.deadSince = undefined
    health.heardAt = this.#clock.monotonic()
    if (this.#lost.size > 0) this.#lost.delete(peerId)
  }

  // A peer that answers with a refusal lives; one that cannot be dialled is gone; one that is late gets another chance.
  #noteFailure(contact: Contact, code: string): void {
    const health = this.#healthOf(contact.peerId)
    if (code === 'PEER_UNREACHABLE') health.misses = MISSES_UNTIL_DEAD
    else if (code === 'TIMEOUT') health.misses++
    else return
    if (health.misses >= MISSES_UNTIL_DEAD) this.#markDead(contact.peerId)
  }

  #markDead(peerId: string): void {
    this.#healthOf(peerId).deadSince = this.#clock.monotonic()
    this.events.emit('dead', { peerId })
  }

  #healthOf(peerId: string): PeerHealth {
    const known = this.#health.get(peerId)
    const health = known ?? {
      roundTrip: undefined,
      misses: 0,
      deadSince: undefined,
      incarnation: undefined,
      heardAt: Number.NEGATIVE_INFINITY
    }
    // Insertion order is the order of use, so that the first key is the one to forget.
    this.#health.delete(peerId)
    this.#health.set(peerId, health)
    const oldest = this.#health.keys().next()
    if (this.#health.size > MAX_PEERS_REMEMBERED && !oldest.done) this.#health.delete(oldest.value)
    return health
  }
}
