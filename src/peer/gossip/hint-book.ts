import type { Clock } from '../clock.ts'
import { PeerError } from '../errors.ts'
import type { Hint } from './hint.ts'
import { openHint } from './sealed-hint.ts'

/** A hint that says it is older, or from further ahead, is not believed. Milliseconds. */
const MAX_AGE = 10 * 60_000
/** Authors remembered for one video; whoever was silent longest makes room. */
const MAX_AUTHORS = 512
/** Whoever spoke within so many milliseconds is there. */
const ACTIVE = 2 * 60_000
/** Hints of one author that may come at once, and milliseconds until another may. */
const BURST = 4
const REFILL = 1_500

/** Pass it on; keep it to oneself; blame whoever passed it on. Only what every honest peer refuses is to blame for. */
export type Verdict = 'accept' | 'ignore' | 'reject'

export interface Judgement {
  verdict: Verdict
  /** There where the verdict is `accept`. */
  hint?: Hint
  /** Why not. */
  reason?: string
}

export interface HintBookInit {
  clock: Clock
  /** See `IdKeys.hintKey`. */
  key: Uint8Array
  /** Chunks of the video, once the manifest is known. */
  count(): number | undefined
}

interface Author {
  sequence: number
  /** Hints that may still come at once. */
  allowance: number
  /** Monotonic milliseconds. */
  heardAt: number
}

/** Judges what peers say about one video, before it is passed on: sealed, fresh, newer than before, not too often. */
export class HintBook {
  readonly #init: HintBookInit
  /** In the order in which they were heard last. */
  readonly #authors = new Map<string, Author>()

  constructor(init: HintBookInit) {
    this.#init = init
  }

  /** Authors heard of within the last two minutes. */
  get activeAuthors(): number {
    const since = this.#init.clock.monotonic() - ACTIVE
    return [...this.#authors.values()].filter(({ heardAt }) => heardAt >= since).length
  }

  /** @param author peer id that signed the message */
  judge(author: string, bytes: Uint8Array): Judgement {
    let hint: Hint
    try {
      hint = openHint(bytes, { key: this.#init.key, author })
    } catch (error) {
      if (!(error instanceof PeerError)) throw error
      return { verdict: error.code === 'UPGRADE_NEEDED' ? 'ignore' : 'reject', reason: error.code }
    }
    const reason = this.#objection(author, hint)
    return reason === undefined ? { verdict: 'accept', hint } : { verdict: 'ignore', reason }
  }

  #objection(author: string, hint: Hint): string | undefined {
    const { clock, count } = this.#init
    if (Math.abs(clock.now() - hint.sequence) > MAX_AGE) return 'its time is too far from ours'
    // Whoever passed it on need not know the manifest: nobody is to blame but the author.
    const known = count()
    if (known !== undefined && hint.count !== 0 && hint.count !== known) return 'another number of chunks'
    const before = this.#authors.get(author)
    if (before && hint.sequence <= before.sequence) return 'not newer than the last'
    return this.#note(author, hint.sequence, before) ? undefined : 'too many'
  }

  /** False when this author told too much lately. */
  #note(author: string, sequence: number, before: Author | undefined): boolean {
    const now = this.#init.clock.monotonic()
    const allowance = before ? Math.min(BURST, before.allowance + (now - before.heardAt) / REFILL) : BURST
    const isAllowed = allowance >= 1
    this.#authors.delete(author)
    this.#authors.set(author, {
      sequence: isAllowed ? sequence : (before?.sequence ?? 0),
      allowance: isAllowed ? allowance - 1 : allowance,
      heardAt: now
    })
    this.#forgetOldest()
    return isAllowed
  }

  #forgetOldest(): void {
    if (this.#authors.size <= MAX_AUTHORS) return
    const [oldest] = this.#authors.keys()
    if (oldest !== undefined) this.#authors.delete(oldest)
  }
}
