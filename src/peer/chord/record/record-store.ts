import { createHash } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { toPeerError } from '../../errors.ts'
import { EventEmitter } from '../../event-emitter.ts'
import type { Logger } from '../../log.ts'
import type { Random } from '../../random.ts'
import {
  CLOCK_TOLERANCE,
  MAX_RECORDS,
  MAX_RECORDS_PER_KEY,
  MAX_RECORDS_PER_PROVIDER,
  MAX_TOMBSTONES_PER_KEY,
  RECORDS_PER_PAGE
} from '../constants.ts'
import { advance, positionFromBytes, positionToBytes, type RingPosition } from '../ring-position.ts'
import type { Arc, RangeDigest, StoreOutcome } from '../rpc/protocol.ts'
import type { VerifySignature } from './provider-record.ts'
import { RecordNames } from './record-names.ts'
import { type ReadRecord, readRecord, validateRecord } from './record-validation.ts'
import type { RecordInTransit } from './signed-record.ts'

/** A record in the store. */
export interface StoredRecord {
  read: ReadRecord
  /** On the storer's monotonic clock. */
  expiresAt: number
  /** SHA-256 of name and sequence. */
  hash: bigint
}

export interface RecordStoreLimits {
  records: number
  recordsPerKey: number
  recordsPerProvider: number
  tombstonesPerKey: number
}

export interface RecordStoreComponents {
  clock: Clock
  random: Random
  verify: VerifySignature
  log: Logger
}

/** Records among which a full store seeks the one that gives way. */
const EVICTION_SAMPLE = 16

const DEFAULT_LIMITS: RecordStoreLimits = {
  records: MAX_RECORDS,
  recordsPerKey: MAX_RECORDS_PER_KEY,
  recordsPerProvider: MAX_RECORDS_PER_PROVIDER,
  tombstonesPerKey: MAX_TOMBSTONES_PER_KEY
}

/**
 * The records that a member holds, in memory. Only what is signed by its author and by the announce key comes in, newer
 * versions replace older ones, nothing outlives its lifetime, and what has expired does not come back.
 */
export class RecordStore {
  readonly events: EventEmitter<{ stored: ReadRecord; refused: undefined }>
  readonly #clock: Clock
  readonly #random: Random
  readonly #verify: VerifySignature
  readonly #log: Logger
  readonly #limits: RecordStoreLimits
  readonly #byName = new Map<string, StoredRecord>()
  readonly #names = new RecordNames()
  readonly #countByAuthor = new Map<string, number>()
  /** Sequences of what has expired, so that an old copy of it is not taken for new. */
  readonly #spent = new Map<string, { sequence: number; until: number }>()

  constructor(components: RecordStoreComponents, limits: Partial<RecordStoreLimits> = {}) {
    this.#clock = components.clock
    this.#random = components.random
    this.#verify = components.verify
    this.#log = components.log
    this.events = new EventEmitter(error => components.log.error('A listener of the records failed', error))
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
  }

  get size(): number {
    return this.#byName.size
  }

  /** Checks a record and stores it. Never throws for what a peer sent. */
  async accept(transit: RecordInTransit): Promise<StoreOutcome> {
    try {
      const read = readRecord(transit.signed)
      const known = this.#newestSequence(read.name)
      if (known !== undefined && known > read.sequence) return { status: 'stale', sequence: known }
      if (known === read.sequence) return this.#outcomeForSame(read)
      await validateRecord(read, this.#clock, this.#verify)
      return this.#insert(read, transit.remaining)
    } catch (error) {
      this.#log.debug(`A record was refused: ${toPeerError(error).message}`)
      return this.#refuse()
    }
  }

  /** Unexpired records under a key, newest first. */
  get(key: RingPosition): StoredRecord[] {
    const live = this.#names.under(key).flatMap(name => this.#live(name) ?? [])
    return live.sort((a, b) => b.read.sequence - a.read.sequence)
  }

  /** Unexpired records whose keys lie in an arc, in the order of their names. */
  inArc(arc: Arc): StoredRecord[] {
    return [...this.#within(arc)]
  }

  /** One page of `inArc`, behind the record named `after`. */
  page(arc: Arc, after: string | undefined): { records: StoredRecord[]; after?: string } {
    const records: StoredRecord[] = []
    for (const stored of this.#within(arc, after)) {
      const last = records.at(-1)
      if (last && records.length === RECORDS_PER_PAGE) return { records, after: last.read.name }
      records.push(stored)
    }
    return { records }
  }

  /** The hashes of names and sequences of an arc, added up modulo 2^256: equal for stores that hold the same. */
  digest(arc: Arc): RangeDigest {
    let sum: RingPosition = 0n
    let count = 0
    for (const { hash } of this.#within(arc)) {
      sum = advance(sum, hash)
      count++
    }
    return { count, digest: positionToBytes(sum) }
  }

  /** The record as it may be passed on, its lifetime reduced by what has passed. */
  inTransit(stored: StoredRecord): RecordInTransit {
    return { signed: stored.read.signed, remaining: stored.expiresAt - this.#clock.monotonic() }
  }

  /** Drops what has expired. */
  sweep(): void {
    const now = this.#clock.monotonic()
    for (const stored of this.#byName.values()) if (stored.expiresAt <= now) this.#remove(stored)
    for (const [name, { until }] of this.#spent) if (until <= now) this.#spent.delete(name)
  }

  clear(): void {
    this.#byName.clear()
    this.#names.clear()
    this.#countByAuthor.clear()
    this.#spent.clear()
  }

  #live(name: string): StoredRecord | undefined {
    const stored = this.#byName.get(name)
    return stored && stored.expiresAt > this.#clock.monotonic() ? stored : undefined
  }

  *#within(arc: Arc, after?: string): Generator<StoredRecord> {
    for (const name of this.#names.within(arc, after)) {
      const stored = this.#live(name)
      if (stored) yield stored
    }
  }

  #newestSequence(name: string): number | undefined {
    return this.#byName.get(name)?.read.sequence ?? this.#spent.get(name)?.sequence
  }

  // The same version again proves nothing new, and must not prolong a life or raise the dead.
  #outcomeForSame(read: ReadRecord): StoreOutcome {
    if (this.#live(read.name)) return { status: 'stored' }
    return { status: 'stale', sequence: read.sequence }
  }

  #insert(read: ReadRecord, remaining: number): StoreOutcome {
    const old = this.#byName.get(read.name)
    // Another version, or this one from another member, may have come in while the signatures were being checked.
    if (old?.read.sequence === read.sequence) return this.#outcomeForSame(read)
    if (old && old.read.sequence > read.sequence) return { status: 'stale', sequence: old.read.sequence }
    if (old) this.#remove(old)
    else if (!this.#makeRoom(read)) return this.#refuse()
    const lifetime = Math.min(read.ttl, remaining)
    const expiresAt = this.#clock.monotonic() + lifetime
    this.#byName.set(read.name, { read, expiresAt, hash: hashOf(read) })
    this.#names.add(read.name)
    this.#spent.delete(read.name)
    this.#countByAuthor.set(read.author, (this.#countByAuthor.get(read.author) ?? 0) + 1)
    this.events.emit('stored', read)
    return { status: 'stored' }
  }

  #refuse(): StoreOutcome {
    this.events.emit('refused', undefined)
    return { status: 'refused' }
  }

  #makeRoom(read: ReadRecord): boolean {
    if ((this.#countByAuthor.get(read.author) ?? 0) >= this.#limits.recordsPerProvider) return false
    const perKey =
      read.content.kind === 'tombstone' ? this.#limits.tombstonesPerKey : this.#limits.recordsPerKey
    const rivals = this.#names
      .under(read.key)
      .flatMap(name => this.#byName.get(name) ?? [])
      .filter(stored => stored.read.content.kind === read.content.kind)
    if (rivals.length >= perKey && !this.#evictOneOf(rivals)) return false
    return this.size < this.#limits.records || this.#evictFromGreediest(read.author)
  }

  // Records drawn at random belong most likely to who has most, so that nobody need be counted.
  #evictFromGreediest(newcomer: string): boolean {
    const count = (author: string): number => this.#countByAuthor.get(author) ?? 0
    let victim: StoredRecord | undefined
    for (let drawn = 0; drawn < EVICTION_SAMPLE; drawn++) {
      const stored = this.#byName.get(this.#names.pick(this.#random) ?? '')
      if (stored?.read.content.kind !== 'provider') continue
      if (!victim || count(stored.read.author) > count(victim.read.author)) victim = stored
    }
    if (!victim || count(victim.read.author) <= count(newcomer) + 1) return false
    this.#remove(victim)
    return true
  }

  // Keeps the fresher half untouched; tombstones are never pushed out by later ones.
  #evictOneOf(rivals: StoredRecord[]): boolean {
    if (rivals[0]?.read.content.kind === 'tombstone') return false
    const older = rivals.sort((a, b) => a.expiresAt - b.expiresAt).slice(0, Math.ceil(rivals.length / 2))
    const victim = older[Math.floor(this.#random.float() * older.length)]
    if (!victim) return false
    this.#remove(victim)
    return true
  }

  #remove(stored: StoredRecord): void {
    const { name, author, sequence } = stored.read
    if (!this.#byName.delete(name)) return
    this.#names.delete(name)
    const left = (this.#countByAuthor.get(author) ?? 1) - 1
    if (left === 0) this.#countByAuthor.delete(author)
    else this.#countByAuthor.set(author, left)
    this.#rememberSpent(name, sequence)
  }

  #rememberSpent(name: string, sequence: number): void {
    this.#spent.delete(name)
    this.#spent.set(name, { sequence, until: this.#clock.monotonic() + 2 * CLOCK_TOLERANCE })
    const oldest = this.#spent.keys().next()
    if (this.#spent.size > this.#limits.records && !oldest.done) this.#spent.delete(oldest.value)
  }
}

function hashOf({ name, sequence }: ReadRecord): bigint {
  return positionFromBytes(createHash('sha256').update(`${name}/${sequence}`).digest())
}

/** Records in portions that fit into one message. */
export function* pagesOf(records: readonly StoredRecord[]): Generator<StoredRecord[]> {
  for (let start = 0; start < records.length; start += RECORDS_PER_PAGE) {
    yield records.slice(start, start + RECORDS_PER_PAGE)
  }
}
