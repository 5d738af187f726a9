import { type Clock, systemClock } from '../clock.ts'
import { type ChunkRange, chunkOffset, chunksOfBytes, type Geometry } from '../content/geometry.ts'
import type { PeerError } from '../errors.ts'
import type { ChunkSet } from './chunk-holder.ts'
import type { WantedChunk } from './picker.ts'

/** Seconds of playback that are wanted ahead of a player, and the bounds in chunks. */
const AHEAD_SECONDS = 40
const MIN_AHEAD_CHUNKS = 4
const MAX_AHEAD_CHUNKS = 128

/** Assumed of a video whose duration is unknown, in bytes per second: 8 Mbit/s. */
const ASSUMED_BYTE_RATE = 1_000_000

/** More than that of an index is fetched as a player asks for it. */
const MAX_INDEX_CHUNKS = 16

/** A player that asks nothing for so many milliseconds has gone. */
const DETACHED_AFTER = 1000

/** A player that was announced reads within so many milliseconds, or does not come. */
const EXPECTED_FOR = 10_000

/** Half-open range of plaintext bytes. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** What one player needs. Several may be open at once; each counts until released. */
export interface WantedRange {
  /** Tells how far the player has read: chunks before this byte are no longer wanted. */
  moveTo(byte: number): void
  release(): void
}

interface Want {
  position: number
  readonly end: number
  readonly priority: number
}

interface Waiter {
  readonly index: number
  readonly resolve: () => void
  readonly reject: (reason: PeerError) => void
}

export interface PlayheadInit {
  geometry: Geometry
  have: ChunkSet
  durationSeconds?: number | undefined
  /** The bytes that a player needs before any other, as the owner says. */
  indexRange?: ByteRange | undefined
  /** No more than this is wanted ahead of one player, but always one chunk; default: no bound. */
  maxAheadBytes?: number
  clock?: Pick<Clock, 'monotonic'>
  /** Something is wanted that was not, or no longer: plan again now. */
  onChange: () => void
}

/** Where the players of one video are: which chunks they need by when, and who waits for which. */
export class Playhead {
  readonly #geometry: Geometry
  readonly #have: ChunkSet
  readonly #byteRate: number
  readonly #maxAheadBytes: number
  readonly #index: readonly number[]
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #onChange: () => void
  readonly #wants = new Set<Want>()
  readonly #waiters = new Set<Waiter>()
  #failure: PeerError | undefined
  #detachedAt = Number.NEGATIVE_INFINITY
  #expectedUntil = Number.NEGATIVE_INFINITY

  constructor({
    geometry,
    have,
    durationSeconds,
    indexRange,
    maxAheadBytes = Number.POSITIVE_INFINITY,
    clock = systemClock,
    onChange
  }: PlayheadInit) {
    this.#geometry = geometry
    this.#have = have
    this.#index = indexRange ? indexChunks(geometry, indexRange) : []
    this.#byteRate = durationSeconds ? geometry.byteLength / durationSeconds : ASSUMED_BYTE_RATE
    this.#maxAheadBytes = maxAheadBytes
    this.#clock = clock
    this.#onChange = onChange
  }

  /** Whether a player is attached, or was a moment ago: one that seeks lets go before it asks again. */
  get playing(): boolean {
    if (this.#current.size > 0 || this.#waiters.size > 0) return true
    return this.#clock.monotonic() - this.#detachedAt < DETACHED_AFTER
  }

  /** Missing chunks of the container's index. */
  get missingIndex(): number[] {
    return this.#index.filter(index => !this.#have.has(index))
  }

  /** The chunk that a player waits for now, if any. */
  get waitingFor(): number | undefined {
    const [first] = this.#waiters
    return first?.index
  }

  /** A player is about to open: until it reads, the beginning is wanted as if it did. */
  expectPlayer(): void {
    this.#expectedUntil = this.#clock.monotonic() + EXPECTED_FOR
    this.#onChange()
  }

  /**
   * A player reads `range` from its start on.
   * @param priority 0 for what plays now; each step up comes ten seconds later
   */
  want(range: ByteRange, priority = 0): WantedRange {
    const want: Want = { position: range.start, end: range.end, priority }
    this.#wants.add(want)
    this.#expectedUntil = Number.NEGATIVE_INFINITY
    this.#onChange()
    return {
      moveTo: byte => this.#move(want, byte),
      release: () => {
        if (!this.#wants.delete(want)) return
        this.#detachedAt = this.#clock.monotonic()
        this.#onChange()
      }
    }
  }

  /** Resolves when chunk `index` is verified and stored; rejects with the signal's reason, or with what `fail` was told. */
  waitForChunk(index: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (this.#have.has(index)) return Promise.resolve()
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        signal.removeEventListener('abort', onAbort)
        this.#waiters.delete(waiter)
      }
      const onAbort = (): void => {
        finish()
        this.#onChange()
        reject(signal.reason)
      }
      const waiter: Waiter = {
        index,
        resolve: () => {
          finish()
          resolve()
        },
        reject: reason => {
          finish()
          reject(reason)
        }
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiters.add(waiter)
      this.#onChange()
    })
  }

  /** Whether a player waits for this chunk or is about to need it, be it here or not. */
  needs(index: number): boolean {
    for (const waiter of this.#waiters) if (waiter.index === index) return true
    for (const want of this.#current) {
      const { first, end } = this.#ahead(want)
      if (index >= first && index < end) return true
    }
    return false
  }

  /** To be called when a chunk that was here is missing again. */
  chunkLost(): void {
    if (this.playing) this.#onChange()
  }

  /** To be called when a chunk is verified and stored. */
  chunkStored(index: number): void {
    for (const waiter of [...this.#waiters]) if (waiter.index === index) waiter.resolve()
  }

  /** What is missing never comes: ends the waits of players, those that begin later included. */
  fail(reason: PeerError): void {
    this.#failure = reason
    for (const waiter of [...this.#waiters]) waiter.reject(reason)
  }

  /** Missing chunks that players need within the next 40 s of playback, nearest deadline first. */
  wanted(now: number): WantedChunk[] {
    const deadlines = new Map<number, number>()
    const note = (index: number, deadline: number): void => {
      if (!this.#have.has(index)) deadlines.set(index, Math.min(deadline, deadlines.get(index) ?? deadline))
    }
    // Who waits goes before who reads ahead.
    for (const { index } of this.#waiters) note(index, now - 1)
    // A player that has not seen the index yet stops reading ahead to ask for it.
    if (this.#current.size > 0) for (const index of this.missingIndex) note(index, now)
    for (const want of this.#current) this.#noteAhead(want, now, note)
    const chunks = [...deadlines].map(([index, deadline]) => ({ index, deadline }))
    return chunks.sort((a, b) => a.deadline - b.deadline)
  }

  /** What players read, or will read first. */
  get #current(): ReadonlySet<Want> {
    if (this.#wants.size > 0 || this.#clock.monotonic() >= this.#expectedUntil) return this.#wants
    return new Set([{ position: 0, end: this.#geometry.byteLength, priority: 0 }])
  }

  #noteAhead(want: Want, now: number, note: (index: number, deadline: number) => void): void {
    const { first, end } = this.#ahead(want)
    for (let index = first; index < end; index++) {
      const distance = Math.max(0, chunkOffset(this.#geometry, index) - want.position)
      note(index, now + (distance / this.#byteRate) * 1000 + want.priority * 10_000)
    }
  }

  #ahead(want: Want): ChunkRange {
    const { first, end } = chunksOfBytes(this.#geometry, want.position, want.end)
    const ahead = Math.ceil((AHEAD_SECONDS * this.#byteRate) / this.#geometry.chunkSize)
    const affordable = Math.max(1, Math.floor(this.#maxAheadBytes / this.#geometry.chunkSize))
    const count = Math.min(affordable, MAX_AHEAD_CHUNKS, Math.max(MIN_AHEAD_CHUNKS, ahead))
    return { first, end: Math.min(end, first + count) }
  }

  #move(want: Want, byte: number): void {
    const before = Math.floor(want.position / this.#geometry.chunkSize)
    want.position = Math.max(want.position, byte)
    if (Math.floor(want.position / this.#geometry.chunkSize) !== before) this.#onChange()
  }
}

function indexChunks(geometry: Geometry, { start, end }: ByteRange): number[] {
  if (start >= geometry.byteLength) return []
  const { first, end: last } = chunksOfBytes(geometry, start, Math.min(end, geometry.byteLength))
  return Array.from({ length: Math.min(last - first, MAX_INDEX_CHUNKS) }, (_, step) => first + step)
}
