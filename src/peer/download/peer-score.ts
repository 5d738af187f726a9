import type { Clock } from '../clock.ts'
import { Reputation } from './reputation.ts'

/** A rate follows changes within about this many milliseconds. */
const RATE_SMOOTHING = 2000

/** Bytes are gathered for so many milliseconds before they count as one measurement. */
const SAMPLE = 200

/** A holder that owes chunks is snubbed after so many milliseconds without a byte, or later if it is far or slow. */
const SNUB_FLOOR = 5000

/** Wait after BUSY when the holder named no time, doubled each time; and the bounds for any time. In milliseconds. */
const BUSY_FLOOR = 500
const BUSY_MINIMUM = 20
const BUSY_MAXIMUM = 30_000

/** A chunk that a holder refused though it had announced it is not asked of it again for so many milliseconds. */
const REFUSAL_MEMORY = 10_000

/** A timeout costs the swarm more than a chunk brings, a refusal as much. */
const TIMEOUT_WEIGHT = 2
const REFUSAL_WEIGHT = 1

/** What one holder has been like during this download. Times are milliseconds of the monotonic clock. */
export class PeerScore {
  readonly #clock: Clock
  readonly #reputation: Reputation
  readonly #refusals = new Map<number, number>()
  #rate: number | undefined
  #outstandingRequests = 0
  #sampleBytes = 0
  #sampleFrom = 0
  #owingSince = 0
  #chunkMilliseconds = 0
  #hasDelivered = false
  #busyUntil = 0
  #busyStreak = 0

  constructor(clock: Clock, reputation = new Reputation(clock)) {
    this.#clock = clock
    this.#reputation = reputation
  }

  /** Bytes per second while it had something to send; undefined before the first measurement. */
  get rate(): number | undefined {
    return this.#rate
  }

  get busyUntil(): number {
    return this.#busyUntil
  }

  /** A request was sent. */
  requested(): void {
    if (this.#outstandingRequests === 0) this.#startWorking()
    this.#outstandingRequests++
  }

  /** Bytes of a chunk came. */
  received(bytes: number): void {
    this.#sampleBytes += bytes
    if (this.#clock.monotonic() - this.#sampleFrom >= SAMPLE) this.#sample()
  }

  /** A request ended, however it did. */
  settled(): void {
    this.#outstandingRequests--
    if (this.#outstandingRequests === 0 && this.#sampleBytes > 0) this.#sample()
  }

  /** A chunk came and was right. */
  verified(milliseconds: number): void {
    this.#hasDelivered = true
    this.#reputation.succeeded()
    this.#busyStreak = 0
    // Its slot is free again.
    this.#busyUntil = 0
    const weight = this.#chunkMilliseconds === 0 ? 1 : 0.25
    this.#chunkMilliseconds += (milliseconds - this.#chunkMilliseconds) * weight
  }

  /** Whether any chunk of it was right. */
  get hasDelivered(): boolean {
    return this.#hasDelivered
  }

  /** A request was not answered in time, or the stream broke. */
  failed(): void {
    this.#reputation.failed(TIMEOUT_WEIGHT)
  }

  /** The holder has no free upload slot. Returns when to ask again. */
  busy(retryAfterMilliseconds?: number): number {
    const wait = retryAfterMilliseconds ?? BUSY_FLOOR * 2 ** this.#busyStreak
    this.#busyStreak++
    this.#busyUntil = this.#clock.monotonic() + Math.min(BUSY_MAXIMUM, Math.max(BUSY_MINIMUM, wait))
    return this.#busyUntil
  }

  /** The holder does not give this chunk though it had announced it. */
  refused(index: number): void {
    this.#reputation.failed(REFUSAL_WEIGHT)
    this.#refusals.delete(index)
    this.#refusals.set(index, this.#clock.monotonic() + REFUSAL_MEMORY)
  }

  hasRefused(index: number): boolean {
    // The picker asks this of each chunk, the clock only if it must.
    const until = this.#refusals.get(index)
    return until !== undefined && until > this.#clock.monotonic()
  }

  /** At least 1: what its expected finish is multiplied by. `load` is the share of its upload slots that is taken. */
  penalty(load = 0): number {
    return (1 + 0.5 * Math.min(1, Math.max(0, load))) * (2 - this.#reputation.value)
  }

  /** When the last of the refusals is forgotten; undefined if there is none. */
  get refusalEndsAt(): number | undefined {
    return [...this.#refusals.values()].at(-1)
  }

  /** Since when it has owed chunks and sent nothing; undefined while it owes nothing. */
  silentSince(lastByteAt: number): number | undefined {
    return this.#outstandingRequests === 0 ? undefined : Math.max(this.#owingSince, lastByteAt)
  }

  /** When it counts as snubbed if no byte comes before; undefined while it owes nothing. */
  snubbedAt(roundTripMilliseconds: number, lastByteAt: number): number | undefined {
    const since = this.silentSince(lastByteAt)
    if (since === undefined) return undefined
    return since + Math.max(SNUB_FLOOR, 4 * roundTripMilliseconds, 3 * this.#chunkMilliseconds)
  }

  #startWorking(): void {
    this.#sampleFrom = this.#clock.monotonic()
    this.#owingSince = this.#sampleFrom
    this.#sampleBytes = 0
  }

  #sample(): void {
    const now = this.#clock.monotonic()
    const elapsed = Math.max(1, now - this.#sampleFrom)
    const measured = (this.#sampleBytes / elapsed) * 1000
    const weight = this.#rate === undefined ? 1 : 1 - Math.exp(-elapsed / RATE_SMOOTHING)
    this.#rate = (this.#rate ?? 0) + (measured - (this.#rate ?? 0)) * weight
    this.#sampleFrom = now
    this.#sampleBytes = 0
  }
}
