import type { CancelTimer, Clock } from '../clock.ts'
import type { Bitfield } from '../content/bitfield.ts'
import type { Unsubscribe } from '../event-emitter.ts'
import type { Message } from '../wire/frame-codec.ts'
import { MAX_GAINED_INDICES } from './chunk-messages.ts'

/** Gains that the other side waits for go out as one message within so many milliseconds, and with them all others. */
const AWAITED_DELAY = 100
/** … gains that it has no use for now, within so many: sent as quickly, they would be a fifth of a crowd's messages more. */
const UNAWAITED_DELAY = 1000

/** Which chunks of a video this peer holds, as it grows. */
export interface HaveSource {
  readonly have: Bitfield
  /** Calls `listener` with the index of each chunk that is gained. */
  onHave(listener: (index: number) => void): Unsubscribe
}

export interface HaveReporterInit {
  source: HaveSource
  clock: Clock
  /** Whether the other side waits to hear that this chunk is here. */
  isAwaited(index: number): boolean
  /** Sends one message; a report waits until the one before has gone out. */
  send(message: Message): Promise<void>
}

/** Tells the other side of a stream what this peer holds: once in full, then what is gained. */
export class HaveReporter {
  readonly #init: HaveReporterInit
  readonly #gained = new Set<number>()
  #unsubscribe: Unsubscribe | undefined
  #cancelTimer: CancelTimer | undefined
  #isAnyAwaited = false
  #isSending = false

  constructor(init: HaveReporterInit) {
    this.#init = init
  }

  /** Sends the whole set, and from then on what is gained. Rejects as `send` does. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#init.source.onHave(index => this.#note(index))
    await this.#sendWhole()
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#cancelTimer?.()
    this.#unsubscribe = undefined
    this.#cancelTimer = undefined
  }

  #note(index: number): void {
    this.#gained.add(index)
    if (!this.#isAnyAwaited && this.#init.isAwaited(index)) {
      this.#isAnyAwaited = true
      this.#cancelTimer?.()
      this.#cancelTimer = undefined
    }
    this.#schedule()
  }

  #schedule(): void {
    if (this.#cancelTimer || this.#isSending || !this.#unsubscribe || this.#gained.size === 0) return
    const delay = this.#isAnyAwaited ? AWAITED_DELAY : UNAWAITED_DELAY
    this.#cancelTimer = this.#init.clock.after(delay, () => {
      this.#cancelTimer = undefined
      void this.#report()
    })
  }

  async #report(): Promise<void> {
    this.#isSending = true
    this.#isAnyAwaited = false
    try {
      if (this.#gained.size > MAX_GAINED_INDICES) await this.#sendWhole()
      else await this.#sendGained()
    } catch {
      // Whoever sends knows that the stream broke and ends it; there is nobody left to report to.
      this.stop()
    } finally {
      this.#isSending = false
    }
    this.#schedule()
  }

  #sendWhole(): Promise<void> {
    this.#gained.clear()
    const { have } = this.#init.source
    return this.#init.send({ type: 'have', count: have.length, bits: have.toBytes() })
  }

  #sendGained(): Promise<void> {
    const indices = [...this.#gained]
    this.#gained.clear()
    return this.#init.send({ type: 'have-more', indices })
  }
}
