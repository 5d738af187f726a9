import type { Clock } from '../clock.ts'
import { AuthorLog } from './author-log.ts'
import type { Hint } from './hint.ts'
import { openHint } from './sealed-hint.ts'
import { type Judgement, judge } from './verdict.ts'

/** Whoever spoke within so many milliseconds is there. */
const ACTIVE = 2 * 60_000
/** Hints of one author that may come at once, and milliseconds until another may. */
const BURST = 4
const REFILL = 1_500

export interface HintBookInit {
  clock: Clock
  /** See `IdKeys.hintKey`. */
  key: Uint8Array
  /** Chunks of the video, once the manifest is known. */
  count(): number | undefined
}

/** Judges what peers say about one video, before it is passed on: sealed, fresh, newer than before, not too often. */
export class HintBook {
  readonly #init: HintBookInit
  readonly #authors: AuthorLog

  constructor(init: HintBookInit) {
    this.#init = init
    this.#authors = new AuthorLog({ clock: init.clock, burst: BURST, refill: REFILL })
  }

  /** Authors heard of within the last two minutes. */
  get activeAuthors(): number {
    return this.#authors.countSince(ACTIVE)
  }

  /** @param author peer id that signed the message */
  judge(author: string, bytes: Uint8Array): Judgement<Hint> {
    return judge(
      () => openHint(bytes, { key: this.#init.key, author }),
      hint => this.#objection(author, hint)
    )
  }

  #objection(author: string, hint: Hint): string | undefined {
    // Whoever passed it on need not know the manifest: nobody is to blame but the author.
    const known = this.#init.count()
    if (known !== undefined && hint.count !== 0 && hint.count !== known) return 'another number of chunks'
    return this.#authors.objection(author, hint.sequence)
  }
}
