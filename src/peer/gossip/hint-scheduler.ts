import type { CancelTimer, Clock } from '../clock.ts'
import { Bitfield, type IndexRange } from '../content/bitfield.ts'
import type { Random } from '../random.ts'
import { type Hint, type HintedLoad, heldOf, MAX_HINT_RANGES } from './hint.ts'

/** Milliseconds between two hints about one video, but for completion and departure. */
const HINT_INTERVAL = 2_000
/** … and where many speak, for each of them: what a peer hears does not grow with the swarm. */
const INTERVAL_PER_AUTHOR = 200
/** Answers wait for so many milliseconds, lest all holders speak at once, and until streams to a newcomer are open. */
const MIN_JITTER = 100
const MAX_JITTER = 500
/** A question is repeated to whoever joins within so many milliseconds. */
const QUESTION_LIFETIME = 10_000

export interface HintSchedulerInit {
  clock: Clock
  random: Random
  /** What this peer has of the video and may serve; undefined while the manifest is unknown. */
  have(): Bitfield | undefined
  addresses(): readonly string[]
  load(): HintedLoad
  /** How many others speak about this video. */
  authors(): number
  publish(hint: Hint): void
}

/** When this peer speaks about one video, and what it says. */
export class HintScheduler {
  readonly #init: HintSchedulerInit
  /** What the others were told already. */
  #told: Bitfield | undefined
  #wasWhole = false
  #sequence = 0
  #sentAt = Number.NEGATIVE_INFINITY
  #question: { wanted: readonly IndexRange[]; until: number; isAsked: boolean } | undefined
  #timer: { at: number; cancel: CancelTimer } | undefined

  constructor(init: HintSchedulerInit) {
    this.#init = init
  }

  /** There is more than before, maybe all: the others hear of the first and of the last chunk at once. */
  gained(): void {
    const isWhole = this.#init.have()?.isFull === true
    const isNews = isWhole && !this.#wasWhole
    this.#wasWhole = isWhole
    if (isNews) this.#send()
    else this.#sendIn(0)
  }

  /** A peer joined the topic: it knows nothing yet. */
  joined(): void {
    this.#told = undefined
    if (this.#question) this.#question.isAsked = false
    this.#sendIn(this.#jitter())
  }

  /** Another looks for holders of these chunks. */
  asked(wanted: readonly IndexRange[]): void {
    const have = this.#init.have()
    if (!have) return
    const held = heldOf(wanted, have)
    if (held.size === 0) return
    if (this.#told) this.#told = this.#told.without(held)
    this.#sendIn(this.#jitter())
  }

  /** Asks who holds any of these chunks, or any chunk if the list is empty. */
  ask(wanted: readonly IndexRange[]): void {
    const until = this.#init.clock.monotonic() + QUESTION_LIFETIME
    this.#question = { wanted: wanted.slice(0, MAX_HINT_RANGES), until, isAsked: false }
    this.#sendIn(0)
  }

  /** Says good-bye, if anything was said before, and falls silent. */
  leave(): void {
    this.stop()
    if (this.#sequence > 0) this.#publish({ count: 0, have: 0, ranges: [], leaving: true })
  }

  /** Falls silent without a word. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  get #interval(): number {
    return Math.max(HINT_INTERVAL, this.#init.authors() * INTERVAL_PER_AUTHOR)
  }

  #jitter(): number {
    return MIN_JITTER + this.#init.random.float() * (MAX_JITTER - MIN_JITTER)
  }

  #sendIn(delay: number): void {
    const now = this.#init.clock.monotonic()
    const at = Math.max(now + delay, this.#sentAt + this.#interval)
    if (at <= now) this.#send()
    else if (!this.#timer || this.#timer.at > at) {
      this.stop()
      this.#timer = { at, cancel: this.#init.clock.after(at - now, () => this.#send()) }
    }
  }

  #send(): void {
    this.stop()
    const have = this.#init.have()
    const wanted = this.#dueQuestion()
    const gained = have ? this.#untold(have) : undefined
    const ranges = gained?.toRanges(MAX_HINT_RANGES) ?? []
    if (!wanted && ranges.length === 0) return
    this.#sentAt = this.#init.clock.monotonic()
    if (this.#question) this.#question.isAsked = true
    if (have) this.#tell(have, ranges)
    this.#publish({
      count: have?.length ?? 0,
      have: have?.size ?? 0,
      ranges,
      leaving: false,
      // Whoever does not know the manifest cannot say which.
      ...(wanted ? { wanted: have ? wanted : [] } : {})
    })
    if (have && this.#untold(have).size > 0) this.#sendIn(0)
  }

  #dueQuestion(): readonly IndexRange[] | undefined {
    if (!this.#question || this.#question.isAsked) return undefined
    return this.#question.until >= this.#init.clock.monotonic() ? this.#question.wanted : undefined
  }

  #untold(have: Bitfield): Bitfield {
    return this.#told ? have.without(this.#told) : have
  }

  #tell(have: Bitfield, ranges: readonly IndexRange[]): void {
    this.#told ??= new Bitfield(have.length)
    for (const [start, end] of ranges) for (let index = start; index < end; index++) this.#told.add(index)
  }

  #publish(said: Omit<Hint, 'sequence' | 'addresses' | 'load'>): void {
    const { clock, addresses, load, publish } = this.#init
    // A clock that was set back does not make this peer's words old ones.
    this.#sequence = Math.max(this.#sequence + 1, Math.floor(clock.now()), 1)
    publish({ sequence: this.#sequence, addresses: addresses(), load: load(), ...said })
  }
}
