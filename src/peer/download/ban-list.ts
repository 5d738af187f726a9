import type { Clock } from '../clock.ts'

/** A chunk comes from one holder whole, so blame for a wrong hash is certain: a day without it. */
const BAN_MILLISECONDS = 24 * 60 * 60 * 1000

/** Bans remembered; the oldest goes first. */
const MAX_BANS = 10_000

/** Holders that sent something wrong. One list for all downloads of a peer. */
export class BanList {
  readonly #clock: Clock
  readonly #until = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** From now on this holder is not asked for anything for 24 hours. */
  ban(peerId: string): void {
    this.#until.delete(peerId)
    this.#until.set(peerId, this.#clock.monotonic() + BAN_MILLISECONDS)
    if (this.#until.size > MAX_BANS) this.#forgetOldest()
  }

  has(peerId: string): boolean {
    const until = this.#until.get(peerId)
    return until !== undefined && until > this.#clock.monotonic()
  }

  #forgetOldest(): void {
    const [oldest] = this.#until.keys()
    if (oldest !== undefined) this.#until.delete(oldest)
  }
}
