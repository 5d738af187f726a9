import type { Clock } from '../clock.ts'
import { pickRandom, type Random } from '../random.ts'
import { backoff } from './backoff.ts'
import type { Holder } from './chunk-holder.ts'

/** Holders dialled at once. */
const MAX_DIALLING = 4
/** Dials besides, for holders that have just spoken up: those that are long gone must not keep them waiting. */
const MAX_DIALLING_HINTED = 4

/** Holders remembered for one video. */
const MAX_CANDIDATES = 200

/** A holder that failed is tried at once when it speaks up, but only this often, in milliseconds. */
const REVIVE_INTERVAL = 10_000

/** A holder that failed so often in a row is forgotten until it is found again. */
const MAX_FAILURES = 6

/** A holder that is known, whether connected or not. */
export interface Candidate {
  holder: Holder
  state: 'idle' | 'dialling' | 'connected'
  failures: number
  /** Milliseconds of the monotonic clock. */
  retryAt: number
  /** It spoke up by itself, so it is there. */
  isHinted: boolean
  /** It said that it goes: kept only while it is connected. */
  isLeaving: boolean
  revivedAt: number
}

/** The known holders of one video: who is dialled next, and when one that failed is tried again. */
export class HolderCandidates {
  readonly #clock: Clock
  readonly #random: Random
  readonly #candidates = new Map<string, Candidate>()

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  get(peerId: string): Candidate | undefined {
    return this.#candidates.get(peerId)
  }

  delete(peerId: string): void {
    this.#candidates.delete(peerId)
  }

  /** Holders that are being dialled. */
  get dialling(): number {
    return this.#all.filter(({ state }) => state === 'dialling').length
  }

  /** Whether all dials that may run at once do, but for holders that have just spoken up. */
  get isBusy(): boolean {
    return this.dialling >= MAX_DIALLING
  }

  get isAnyIdle(): boolean {
    return this.#all.some(({ state }) => state === 'idle')
  }

  get isAnyDue(): boolean {
    return this.#due.length > 0
  }

  /** Milliseconds until the next idle holder may be dialled, at least 1; undefined where none is idle. */
  get untilRetry(): number | undefined {
    const times = this.#all.filter(({ state }) => state === 'idle').map(({ retryAt }) => retryAt)
    return times.length === 0 ? undefined : Math.max(1, Math.min(...times) - this.#clock.monotonic())
  }

  /** Notes a holder that was found. */
  add(holder: Holder, isHinted: boolean): void {
    const known = this.#candidates.get(holder.peerId)
    if (known) {
      known.holder = { ...holder, isLinked: known.holder.isLinked === true || holder.isLinked === true }
      known.isLeaving = false
      known.isHinted ||= isHinted
    } else this.#remember(holder, isHinted)
  }

  /** A holder said what it has: if it failed before, it is due again. */
  revive(peerId: string): void {
    const known = this.#candidates.get(peerId)
    const now = this.#clock.monotonic()
    if (known?.state !== 'idle' || known.retryAt <= now || now - known.revivedAt < REVIVE_INTERVAL) return
    known.retryAt = now
    known.revivedAt = now
  }

  /** A holder says that it goes; false if it is none. */
  leaves(peerId: string): boolean {
    const known = this.#candidates.get(peerId)
    if (!known) return false
    known.isLeaving = true
    if (known.state === 'idle') this.#candidates.delete(peerId)
    return true
  }

  /** It could not be reached, or was lost. */
  noteFailure(candidate: Candidate): void {
    candidate.state = 'idle'
    candidate.failures++
    // Whoever cannot be reached is not there after all.
    candidate.isHinted = false
    candidate.retryAt = this.#clock.monotonic() + backoff(candidate.failures)
    if (candidate.failures >= MAX_FAILURES || candidate.isLeaving)
      this.#candidates.delete(candidate.holder.peerId)
  }

  /** It makes room for another one, for so many milliseconds at least. */
  rest(peerId: string, pause: number): void {
    const candidate = this.#candidates.get(peerId)
    if (!candidate) return
    candidate.state = 'idle'
    candidate.retryAt = this.#clock.monotonic() + pause
  }

  /** Whoever the link names, then those who spoke up, and at random: everybody is told of the same peers first, and would crowd around them. */
  nextToDial(): Candidate | undefined {
    const due = this.#due
    const hasRoom = this.dialling < MAX_DIALLING
    const hasRoomForHinted = this.dialling < MAX_DIALLING + MAX_DIALLING_HINTED
    const linked = due.find(({ holder }) => holder.isLinked)
    if (linked && hasRoomForHinted) return linked
    const hinted = due.filter(({ isHinted }) => isHinted)
    if (hinted.length > 0) return hasRoomForHinted ? pickRandom(hinted, this.#random) : undefined
    return hasRoom ? pickRandom(due, this.#random) : undefined
  }

  get #all(): Candidate[] {
    return [...this.#candidates.values()]
  }

  get #due(): Candidate[] {
    const now = this.#clock.monotonic()
    return this.#all.filter(({ state, retryAt }) => state === 'idle' && retryAt <= now)
  }

  #remember(holder: Holder, isHinted: boolean): void {
    if (this.#candidates.size >= MAX_CANDIDATES) return
    this.#candidates.set(holder.peerId, {
      holder,
      state: 'idle',
      failures: 0,
      retryAt: 0,
      isHinted,
      isLeaving: false,
      revivedAt: Number.NEGATIVE_INFINITY
    })
  }
}
