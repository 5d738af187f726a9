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
import { isInRange, positionToHex, type RingPosition } from '../ring-position.ts'
import type { Arc, RangeDigest, StoreOutcome } from '../rpc/protocol.ts'
import type { VerifySignature } from './provider-record.ts'
import { type ReadRecord, readRecord, validateRecord } from './record-validation.ts'
import type { RecordInTransit } from './signed-record.ts'

/** A record in the store. */
export interface StoredRecord {
  read: ReadRecord
  /** On the storer's monotonic clock. */
  expiresAt: number
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
  readonly events: EventEmitter<{ stored: ReadRecord }>
  readonly #clock: Clock
  readonly #random: Random
  readonly #verify: VerifySignature
  readonly #log: Logger
  readonly #limits: RecordStoreLimits
  readonly #byKey = new Map<RingPosition, Map<string, StoredRecord>>()
  readonly #countByAuthor = new Map<string, number>()
  /** Sequences of what has expired, so that an old copy of it is not taken for new. */
  readonly #spent = new Map<string, { sequence: number; until: number }>()
  #size = 0

  constructor(components: RecordStoreComponents, limits: Partial<RecordStoreLimits> = {}) {
    this.#clock = components.clock
    this.#random = components.random
    this.#verify = components.verify
    this.#log = components.log
    this.events = new EventEmitter(error => components.log.error('A listener of the records failed', error))
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
  }

  get size(): number {
    return this.#size
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
      return { status: 'refused' }
    }
  }

  /** Unexpired records under a key, newest first. */
  get(key: RingPosition): StoredRecord[] {
    const now = this.#clock.monotonic()
    const live = [...(this.#byKey.get(key)?.values() ?? [])].filter(stored => stored.expiresAt > now)
    return live.sort((a, b) => b.read.sequence - a.read.sequence)
  }

  /** Unexpired records whose keys lie in an arc, in the order of their names. */
  inArc(arc: Arc): StoredRecord[] {
    const now = this.#clock.monotonic()
    const found: StoredRecord[] = []
    for (const [key, records] of this.#byKey) {
      if (!isInRange(arc.from, key, arc.to)) continue
      for (const stored of records.values()) if (stored.expiresAt > now) found.push(stored)
    }
    return found.sort((a, b) => (a.read.name < b.read.name ? -1 : 1))
  }

  /** One page of `inArc`, behind the record named `after`. */
  page(arc: Arc, after: string | undefined): { records: StoredRecord[]; after?: string } {
    const rest = this.inArc(arc).filter(stored => after === undefined || stored.read.name > after)
    const records = rest.slice(0, RECORDS_PER_PAGE)
    const last = records.at(-1)
    return rest.length > records.length && last ? { records, after: last.read.name } : { records }
  }

  /** Names and sequences of an arc, summed up: equal for stores that hold the same. */
  digest(arc: Arc): RangeDigest {
    const hash = createHash('sha256')
    const records = this.inArc(arc)
    for (const { read } of records) hash.update(`${read.name}/${read.sequence}\n`)
    return { count: records.length, digest: new Uint8Array(hash.digest()) }
  }

  /** The record as it may be passed on, its lifetime reduced by what has passed. */
  inTransit(stored: StoredRecord): RecordInTransit {
    return { signed: stored.read.signed, remaining: stored.expiresAt - this.#clock.monotonic() }
  }

  /** Drops what has expired. */
  sweep(): void {
    const now = this.#clock.monotonic()
    for (const records of this.#byKey.values()) {
      for (const stored of records.values()) if (stored.expiresAt <= now) this.#remove(stored)
    }
    for (const [name, { until }] of this.#spent) if (until <= now) this.#spent.delete(name)
  }

  clear(): void {
    this.#byKey.clear()
    this.#countByAuthor.clear()
    this.#spent.clear()
    this.#size = 0
  }

  #newestSequence(name: string): number | undefined {
    return this.#find(name)?.read.sequence ?? this.#spent.get(name)?.sequence
  }

  // The same version again proves nothing new, and must not prolong a life or raise the dead.
  #outcomeForSame(read: ReadRecord): StoreOutcome {
    const stored = this.#find(read.name)
    if (stored && stored.expiresAt > this.#clock.monotonic()) return { status: 'stored' }
    return { status: 'stale', sequence: read.sequence }
  }

  #insert(read: ReadRecord, remaining: number): StoreOutcome {
    const old = this.#find(read.name)
    // Another version may have come in while the signatures were being checked.
    if (old && old.read.sequence >= read.sequence) return { status: 'stale', sequence: old.read.sequence }
    if (old) this.#remove(old)
    else if (!this.#makeRoom(read)) return { status: 'refused' }
    const lifetime = Math.min(read.ttl, remaining)
    const records = this.#byKey.get(read.key) ?? new Map<string, StoredRecord>()
    this.#byKey.set(read.key, records)
    records.set(read.name, { read, expiresAt: this.#clock.monotonic() + lifetime })
    this.#spent.delete(read.name)
    this.#size++
    this.#countByAuthor.set(read.author, (this.#countByAuthor.get(read.author) ?? 0) + 1)
    this.events.emit('stored', read)
    return { status: 'stored' }
  }

  #makeRoom(read: ReadRecord): boolean {
    if ((this.#countByAuthor.get(read.author) ?? 0) >= this.#limits.recordsPerProvider) return false
    const perKey =
      read.content.kind === 'tombstone' ? this.#limits.tombstonesPerKey : this.#limits.recordsPerKey
    const rivals = [...(this.#byKey.get(read.key)?.values() ?? [])].filter(
      stored => stored.read.content.kind === read.content.kind
    )
    if (rivals.length >= perKey && !this.#evictOneOf(rivals)) return false
    return this.#size < this.#limits.records
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

  #find(name: string): StoredRecord | undefined {
    return this.#byKey.get(keyOfName(name))?.get(name)
  }

  #remove(stored: StoredRecord): void {
    const { name, key, author, sequence } = stored.read
    const records = this.#byKey.get(key)
    if (!records?.delete(name)) return
    if (records.size === 0) this.#byKey.delete(key)
    this.#size--
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

function keyOfName(name: string): RingPosition {
  return BigInt(`0x${name.slice(0, positionToHex(0n).length)}`)
}
