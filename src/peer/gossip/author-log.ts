import type { Clock } from '../clock.ts'

/** What says that it is older, or from further ahead, is not believed. Milliseconds. */
const MAX_AGE = 10 * 60_000
/** Authors remembered; whoever was silent longest makes room. */
const MAX_AUTHORS = 512

export interface AuthorLogInit {
  clock: Clock
  /** Messages of one author that may come at once. */
  burst: number
  /** Milliseconds until another may. */
  refill: number
}

interface Author {
  sequence: number
  /** Messages that may still come at once. */
  allowance: number
  /** Monotonic milliseconds. */
  heardAt: number
}

/** Who spoke when on one topic: tells what is late, old or too much. */
export class AuthorLog {
  readonly #init: AuthorLogInit
  /** In the order in which they were heard last. */
  readonly #authors = new Map<string, Author>()

  constructor(init: AuthorLogInit) {
    this.#init = init
  }

  /** Authors heard of within so many milliseconds. */
  countSince(milliseconds: number): number {
    const since = this.#init.clock.monotonic() - milliseconds
    return [...this.#authors.values()].filter(({ heardAt }) => heardAt >= since).length
  }

  /**
   * Notes a message, or tells why it does not count.
   * @param sequence milliseconds since the epoch on the author's clock, growing with each of its messages
   */
  objection(author: string, sequence: number): string | undefined {
    const { clock, burst, refill } = this.#init
    if (Math.abs(clock.now() - sequence) > MAX_AGE) return 'its time is too far from ours'
    const before = this.#authors.get(author)
    if (before && sequence <= before.sequence) return 'not newer than the last'
    const heardAt = clock.monotonic()
    const allowance = before ? Math.min(burst, before.allowance + (heardAt - before.heardAt) / refill) : burst
    const isAllowed = allowance >= 1
    if (isAllowed) this.#note(author, { sequence, allowance: allowance - 1, heardAt })
    else if (before) this.#note(author, { ...before, allowance, heardAt })
    return isAllowed ? undefined : 'too many'
  }

  #note(author: string, noted: Author): void {
    this.#authors.delete(author)
    this.#authors.set(author, noted)
    if (this.#authors.size <= MAX_AUTHORS) return
    const [oldest] = this.#authors.keys()
    if (oldest !== undefined) this.#authors.delete(oldest)
  }
}
