import type PQueue from 'p-queue'
import type { Clock } from '../../clock.ts'
import { PeerError, toPeerError } from '../../errors.ts'
import { EventEmitter } from '../../event-emitter.ts'
import type { Logger } from '../../log.ts'
import type { Random } from '../../random.ts'
import type { Signer } from '../../wire/signature.ts'
import {
  ACKNOWLEDGED_COPIES,
  PROVIDER_RECORD_TTL,
  REPLICAS,
  REPUBLISH_AT,
  REPUBLISH_JITTER,
  REWRITE_INTERVAL,
  TOMBSTONE_TTL
} from '../constants.ts'
import type { Contact } from '../contact.ts'
import { deadline } from '../deadline.ts'
import type { Network } from '../network.ts'
import { PeriodicTask } from '../periodic-task.ts'
import { positionFromBytes, type RingPosition } from '../ring-position.ts'
import type { StoreOutcome } from '../rpc/protocol.ts'
import {
  type AnnounceKey,
  type ChunkRange,
  compactRanges,
  countChunks,
  signProviderRecord
} from './provider-record.ts'
import type { RecordInTransit, SignedRecord } from './signed-record.ts'
import { signTombstone } from './tombstone.ts'

/** A video that this peer holds chunks of. */
export interface PublicationDraft {
  announceKey: AnnounceKey
  /** Chunks of the whole video. */
  chunkCount: number
  /** What this peer holds; nothing is published while it is empty. */
  ranges: readonly ChunkRange[]
}

export interface PublicationComponents {
  clock: Clock
  random: Random
  log: Logger
  network: Network
  signer: Signer
  peerId: string
  addresses(): readonly string[]
  isJoined(): boolean
  /** Bounds how many publications are stored at the same time. */
  queue: PQueue
  /** Who is responsible for a key, nearest first. */
  owners(key: RingPosition, signal: AbortSignal): Promise<Contact[]>
  /** Stores in this member's own store. */
  storeHere(record: RecordInTransit): Promise<StoreOutcome>
}

interface Version {
  signed: SignedRecord
  signedAt: number
  ttl: number
}

const BACKOFF_MIN = 1_000
const BACKOFF_MAX = 60_000
/** Milliseconds until what is acknowledged but not settled is stored again: the ring may be closing a gap. */
const SETTLE_RETRY = 5_000
/** Milliseconds that a holder's death is gathered with others', before copies are counted again. */
const HOLDER_LOST_DELAY = 500
const WITHDRAW_TIMEOUT = 5_000
const MAX_RESIGNS = 3

/**
 * A record that is kept in the ring until it is withdrawn: stored at its owner and the next three members, tried again
 * with growing distance until acknowledged, published anew at half its lifetime, and stored again when a holder dies.
 */
export class Publication {
  readonly key: Uint8Array
  readonly #components: PublicationComponents
  readonly #draft: PublicationDraft | undefined
  readonly #announceKey: AnnounceKey
  readonly #task: PeriodicTask
  readonly #events = new EventEmitter<{ changed: undefined }>()
  readonly #holders = new Map<string, Contact>()
  #ranges: readonly ChunkRange[]
  #version: Version | undefined
  #sequence = 0
  #isStale = true
  #rewrittenAt = Number.NEGATIVE_INFINITY
  #attempts = 0
  #wanted = REPLICAS
  #isWithdrawn = false
  readonly #isTombstone: boolean
  readonly #onWithdrawn: (publication: Publication) => void

  /** @param draft a provider record; undefined publishes a tombstone under `announceKey` */
  constructor(
    components: PublicationComponents,
    announceKey: AnnounceKey,
    draft: PublicationDraft | undefined,
    onWithdrawn: (publication: Publication) => void
  ) {
    this.#components = components
    this.#onWithdrawn = onWithdrawn
    this.#announceKey = announceKey
    this.#draft = draft
    this.#ranges = compactRanges(draft?.ranges ?? [])
    this.#isTombstone = draft === undefined
    this.key = announceKey.dhtKey
    this.#task = new PeriodicTask({
      clock: components.clock,
      nextDelay: () => this.#nextDelay(),
      run: signal => this.#run(signal)
    })
  }

  /** Members that confirmed to store the present version. */
  get copies(): number {
    return this.#holders.size
  }

  get holders(): readonly Contact[] {
    return [...this.#holders.values()]
  }

  /** Resolves once two members (or all, in a smaller ring) store it. Rejects with the signal's reason, or ABORTED once withdrawn. */
  acknowledged(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.copies >= Math.min(ACKNOWLEDGED_COPIES, this.#wanted), signal)
  }

  /** As `acknowledged`, for four members. */
  settled(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.copies >= this.#wanted, signal)
  }

  /** Now this peer holds these chunks. Told to the ring at once for the first and the last chunk, else once a minute. */
  update(ranges: readonly ChunkRange[]): void {
    const chunkCount = this.#draft?.chunkCount ?? 0
    const before = countChunks(this.#ranges)
    this.#ranges = compactRanges(ranges)
    const after = countChunks(this.#ranges)
    if (before === after) return
    this.#isStale = true
    const isUrgent = before === 0 || after === chunkCount
    const since = this.#components.clock.monotonic() - this.#rewrittenAt
    this.#task.poke(isUrgent ? 0 : Math.max(0, REWRITE_INTERVAL - since))
  }

  start(): void {
    this.#task.start()
    this.#task.poke(0)
  }

  /** Stops keeping it alive; what is stored stays until it expires. */
  stop(): void {
    this.#task.stop()
  }

  /** Something about this peer or its ring changed: stores a new version. */
  renew(): void {
    this.#isStale = true
    this.#attempts = 0
    this.#task.poke(0)
  }

  /** A member that held it died or forgot it. */
  onHolderLost(peerId: string): void {
    if (!this.#holders.delete(peerId)) return
    this.#attempts = 0
    this.#task.poke(HOLDER_LOST_DELAY)
  }

  /**
   * Takes the record back for good. Resolves when that is stored, or when nobody could be told: it expires by itself then.
   * Without a signal it takes at most five seconds.
   */
  async withdraw(signal?: AbortSignal): Promise<void> {
    if (this.#isWithdrawn) return
    this.#isWithdrawn = true
    this.#onWithdrawn(this)
    this.#events.emit('changed', undefined)
    const limit = deadline(this.#components.clock, WITHDRAW_TIMEOUT, signal)
    await this.retreat(limit.signal)
    limit.release()
  }

  /** Takes the record back because this peer leaves the ring; `start` publishes it anew. */
  async retreat(signal: AbortSignal): Promise<void> {
    this.#task.stop()
    const { isJoined, log } = this.#components
    if (this.#isTombstone || !this.#version || !isJoined()) return
    try {
      this.#version = await this.#sign(true)
      await this.#components.queue.add(() => this.#store(signal, true), { signal })
    } catch (error) {
      log.info(`A record was not withdrawn, it will expire: ${toPeerError(error).message}`)
    }
    this.#isStale = true
    this.#holders.clear()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { log, isJoined } = this.#components
    if (!isJoined() || this.#isWithdrawn || !this.#hasContent()) return
    try {
      if (this.#isDue()) await this.#renewVersion()
      await this.#components.queue.add(() => this.#store(signal), { signal })
      this.#attempts = this.copies >= Math.min(ACKNOWLEDGED_COPIES, this.#wanted) ? 0 : this.#attempts + 1
    } catch (error) {
      this.#attempts++
      if (!signal.aborted) log.warn('A record was not stored; trying again', toPeerError(error))
    }
    this.#events.emit('changed', undefined)
  }

  #hasContent(): boolean {
    return this.#isTombstone || this.#ranges.length > 0
  }

  #isDue(): boolean {
    if (this.#isStale || !this.#version) return true
    const age = this.#components.clock.monotonic() - this.#version.signedAt
    return age >= this.#version.ttl * (REPUBLISH_AT - REPUBLISH_JITTER)
  }

  async #renewVersion(): Promise<void> {
    this.#isStale = false
    this.#version = await this.#sign()
    this.#rewrittenAt = this.#components.clock.monotonic()
    this.#holders.clear()
  }

  async #sign(withdrawn = false): Promise<Version> {
    const { clock, signer, addresses } = this.#components
    const issued = Math.floor(clock.now())
    this.#sequence = Math.max(issued, this.#sequence + 1)
    const times = { sequence: this.#sequence, issued }
    const signedAt = clock.monotonic()
    if (!this.#draft) {
      const signed = await signTombstone(times, signer, this.#announceKey)
      return { signed, signedAt, ttl: TOMBSTONE_TTL }
    }
    const draft = {
      ...times,
      addresses: addresses(),
      chunkCount: this.#draft.chunkCount,
      ranges: this.#ranges,
      withdrawn
    }
    const signed = await signProviderRecord(draft, signer, this.#announceKey)
    return { signed, signedAt, ttl: PROVIDER_RECORD_TTL }
  }

  async #store(signal: AbortSignal, withdrawn = false): Promise<void> {
    const owners = await this.#components.owners(positionFromBytes(this.key), signal)
    this.#wanted = Math.max(1, Math.min(REPLICAS, owners.length))
    for (let tries = 0; tries < MAX_RESIGNS; tries++) {
      const newest = await this.#storeAt(owners, signal)
      if (newest === undefined) return
      // Somebody knows a newer version of ours: this peer's clock went back, or its data folder was copied.
      this.#sequence = Math.max(this.#sequence, newest)
      this.#version = await this.#sign(withdrawn)
      this.#holders.clear()
    }
  }

  // The four nearest at once; whoever fails is replaced by the member behind.
  async #storeAt(owners: readonly Contact[], signal: AbortSignal): Promise<number | undefined> {
    const queue = [...owners]
    const stored = new Map<string, Contact>()
    let newest: number | undefined
    while (stored.size < this.#wanted && queue.length > 0) {
      const batch = queue.splice(0, this.#wanted - stored.size)
      const outcomes = await Promise.all(batch.map(member => this.#storeOne(member, signal)))
      signal.throwIfAborted()
      batch.forEach((member, index) => {
        const outcome = outcomes[index]
        if (outcome?.status === 'stored') stored.set(member.peerId, member)
        if (outcome?.sequence !== undefined) newest = Math.max(newest ?? 0, outcome.sequence)
      })
      if (newest !== undefined) return newest
    }
    this.#holders.clear()
    for (const [peerId, member] of stored) this.#holders.set(peerId, member)
    return undefined
  }

  async #storeOne(member: Contact, signal: AbortSignal): Promise<StoreOutcome | undefined> {
    const { clock, log, network, peerId, storeHere } = this.#components
    const version = this.#version
    if (!version) return undefined
    const record = {
      signed: version.signed,
      remaining: Math.max(0, version.ttl - (clock.monotonic() - version.signedAt))
    }
    if (member.peerId === peerId) return storeHere(record)
    try {
      const { outcomes } = await network.call(member, 'store', { records: [record] }, { signal })
      return outcomes[0]
    } catch (error) {
      log.debug(`A record was not stored at peer ${member.peerId}: ${toPeerError(error).message}`)
      return undefined
    }
  }

  #nextDelay(): number | undefined {
    const { random, isJoined } = this.#components
    if (!isJoined() || this.#isWithdrawn || !this.#hasContent()) return undefined
    const jitter = 1 + REPUBLISH_JITTER * (2 * random.float() - 1)
    if (this.#attempts > 0) return Math.min(BACKOFF_MAX, BACKOFF_MIN * 2 ** (this.#attempts - 1)) * jitter
    if (this.copies < this.#wanted) return SETTLE_RETRY * jitter
    return (this.#version?.ttl ?? PROVIDER_RECORD_TTL) * REPUBLISH_AT * jitter
  }

  #until(isReached: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        unsubscribe()
        signal.removeEventListener('abort', onAbort)
        settle()
      }
      const onAbort = (): void => finish(() => reject(signal.reason))
      const onChange = (): void => {
        if (this.#isWithdrawn) finish(() => reject(new PeerError('ABORTED', 'The record was withdrawn.')))
        else if (this.#version && isReached()) finish(resolve)
      }
      const unsubscribe = this.#events.on('changed', onChange)
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) onAbort()
      else onChange()
    })
  }
}
