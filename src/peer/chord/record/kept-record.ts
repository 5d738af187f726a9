import type PQueue from 'p-queue'
import type { Clock } from '../../clock.ts'
import { PeerError, toPeerError } from '../../errors.ts'
import { EventEmitter } from '../../event-emitter.ts'
import type { Random } from '../../random.ts'
import { PROVIDER_RECORD_TTL, REPUBLISH_AT, REPUBLISH_JITTER, REWRITE_INTERVAL } from '../constants.ts'
import type { Contact } from '../contact.ts'
import { deadline } from '../deadline.ts'
import { PeriodicTask } from '../periodic-task.ts'
import { positionFromBytes, type RingPosition } from '../ring-position.ts'
import { Placement, type PlacementComponents } from './placement.ts'
import type { RecordSource, RecordVersion } from './record-source.ts'

export interface KeptRecordComponents extends PlacementComponents {
  clock: Clock
  random: Random
  isJoined(): boolean
  /** Bounds how many records are stored at the same time. */
  queue: PQueue
  /** Who is responsible for a key, nearest first. */
  owners(key: RingPosition, signal: AbortSignal): Promise<Contact[]>
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
 * Milliseconds after which a record is stored again. A tombstone too, though it lives longer: members keep records in memory
 * only, so in 30 days all that hold it may have gone.
 */
const REPUBLISH_INTERVAL = PROVIDER_RECORD_TTL * REPUBLISH_AT

/**
 * A record that is kept in the ring until it is withdrawn: stored at its owner and the next three members, tried again
 * with growing distance until acknowledged, published anew at half its lifetime, and stored again when a holder dies.
 */
export class KeptRecord {
  readonly #components: KeptRecordComponents
  readonly #source: RecordSource
  readonly #placement: Placement
  readonly #task: PeriodicTask
  readonly #events = new EventEmitter<{ changed: undefined }>()
  readonly #onWithdrawn: (record: KeptRecord) => void
  #version: RecordVersion | undefined
  #knownSequence = 0
  #isStale = true
  #publishedAt = Number.NEGATIVE_INFINITY
  #attempts = 0
  #isWithdrawn = false

  constructor(
    components: KeptRecordComponents,
    source: RecordSource,
    onWithdrawn: (record: KeptRecord) => void
  ) {
    this.#components = components
    this.#source = source
    this.#placement = new Placement(components)
    this.#onWithdrawn = onWithdrawn
    this.#task = new PeriodicTask({
      clock: components.clock,
      nextDelay: () => this.#nextDelay(),
      run: signal => this.#run(signal)
    })
  }

  get key(): Uint8Array {
    return this.#source.key
  }

  /** Members that confirmed to store the present version. */
  get copies(): number {
    return this.#placement.copies
  }

  get holders(): readonly Contact[] {
    return this.#placement.holders
  }

  /** Resolves once two members (or all, in a smaller ring) store it. Rejects with the signal's reason, or ABORTED once withdrawn. */
  acknowledged(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.#placement.isAcknowledged, signal)
  }

  /** As `acknowledged`, for four members. */
  settled(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.#placement.isSettled, signal)
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

  /** What is published changed; unless it is urgent, the ring is told at most once a minute. */
  renewSoon(isUrgent: boolean): void {
    this.#isStale = true
    const since = this.#components.clock.monotonic() - this.#publishedAt
    this.#task.poke(isUrgent ? 0 : Math.max(0, REWRITE_INTERVAL - since))
  }

  /** A member that held it died or forgot it. */
  onHolderLost(peerId: string): void {
    if (!this.#placement.lose(peerId)) return
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
    const { isJoined, log, queue } = this.#components
    if (!this.#version || !isJoined()) return
    const withdraw = (known: number) => this.#source.withdrawal(known)
    try {
      this.#version = await withdraw(this.#knownSequence)
      if (!this.#version) return
      await queue.add(() => this.#store(signal, withdraw), { signal })
    } catch (error) {
      log.info(`A record was not withdrawn, it will expire: ${toPeerError(error).message}`)
    } finally {
      this.#isStale = true
      this.#placement.clear()
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (!this.#isWanted()) return
    try {
      if (this.#isDue()) await this.#renewVersion()
      const renew = (known: number) => this.#source.version(known)
      await this.#components.queue.add(() => this.#store(signal, renew), { signal })
      this.#attempts = this.#placement.isAcknowledged ? 0 : this.#attempts + 1
    } catch (error) {
      this.#attempts++
      if (!signal.aborted)
        this.#components.log.warn('A record was not stored; trying again', toPeerError(error))
    }
    this.#events.emit('changed', undefined)
  }

  #isWanted(): boolean {
    return this.#components.isJoined() && !this.#isWithdrawn && this.#source.hasContent
  }

  #isDue(): boolean {
    if (this.#isStale || !this.#version) return true
    const age = this.#components.clock.monotonic() - this.#publishedAt
    return age >= REPUBLISH_INTERVAL * (1 - REPUBLISH_JITTER / REPUBLISH_AT)
  }

  async #renewVersion(): Promise<void> {
    this.#isStale = false
    this.#version = await this.#source.version(this.#knownSequence)
    this.#publishedAt = this.#components.clock.monotonic()
    this.#placement.clear()
  }

  async #store(
    signal: AbortSignal,
    signAgain: (known: number) => Promise<RecordVersion | undefined>
  ): Promise<void> {
    const owners = await this.#components.owners(positionFromBytes(this.key), signal)
    for (let tries = 0; tries < MAX_RESIGNS && this.#version; tries++) {
      const newer = await this.#placement.put(this.#version, owners, signal)
      if (newer === undefined) return
      // Somebody knows a newer version of ours: this peer's clock went back, or its data folder was copied.
      this.#knownSequence = Math.max(this.#knownSequence, newer)
      this.#version = await signAgain(this.#knownSequence)
      this.#placement.clear()
    }
  }

  #nextDelay(): number | undefined {
    if (!this.#isWanted()) return undefined
    const jitter = 1 + REPUBLISH_JITTER * (2 * this.#components.random.float() - 1)
    if (this.#attempts > 0) return Math.min(BACKOFF_MAX, BACKOFF_MIN * 2 ** (this.#attempts - 1)) * jitter
    return (this.#placement.isSettled ? REPUBLISH_INTERVAL : SETTLE_RETRY) * jitter
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
