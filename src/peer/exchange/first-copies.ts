import type { CancelTimer, Clock } from '../clock.ts'
import { Bitfield } from '../content/bitfield.ts'
import type { Random } from '../random.ts'

/** So many receivers must lack chunks at once: one alone is shown everything. */
const MIN_RECEIVERS = 2

/** Chunks that a receiver may ask for at any time and has not asked for yet: enough for a round trip. */
const OPEN_OFFERS = 4

/**
 * A receiver was offered and does not hold yet at most its part of all chunks, within these bounds, and the least before it held any:
 * nobody hoards what others could have by then.
 */
const LEAST_OFFERS = 4
const MOST_OFFERS = 16

/**
 * A newcomer that got nothing from the others is offered a few chunks, as it may reach none of them: once so many first copies arrived
 * elsewhere, looked at so often, in milliseconds.
 */
const MISSED_COPIES = 16
const NEWCOMER_INTERVAL = 3_000
const NEWCOMER_OFFERS = 2

/** Once nothing was sent for so many milliseconds, receivers that cannot be offered more may ask for anything: they trade meanwhile. */
const GRACE = 500

/** While something is sent they wait: no first copy has arrived for so many milliseconds, whoever it is sent to is too slow. */
const PATIENCE = 30_000

/** One peer that fetches the video, as far as sharing out first copies goes. */
export interface CopyReceiver {
  /** Lets it ask for these chunks as well, and of the others only for those that a player waits for. */
  offer(indices: readonly number[]): void
  /** Lets it ask for any chunk. */
  offerAll(): void
}

interface Share {
  readonly held: Bitfield
  /** Offered, and not asked for yet. */
  readonly open: Set<number>
  /** Asked for, and not known to be held. */
  readonly wanted: Set<number>
  isRestricted: boolean
}

/** First copies that had arrived, and what a newcomer held then. */
interface Standing {
  readonly arrivals: number
  readonly held: number
}

export interface FirstCopiesInit {
  /** Number of chunks. */
  count: number
  clock: Clock
  random: Random
}

/**
 * First-copy mode, after super-seeding (BEP 16): while several receivers lack what no receiver holds, each is offered other chunks
 * than the rest, as fast as it asks for them. So each chunk leaves its holder about once, and the receivers trade. Nothing is
 * hidden: HAVE tells the truth, offers only say what to ask for.
 */
export class FirstCopies {
  readonly #init: FirstCopiesInit
  readonly #shares = new Map<CopyReceiver, Share>()
  /** Receivers that hold, or were offered, each chunk. */
  readonly #taken: Uint16Array
  /** Chunks that are to be offered, in random order, each once; some of them may have been taken since. */
  readonly #pool: number[]
  readonly #pooled: Bitfield
  #sentAt = Number.NEGATIVE_INFINITY
  #arrivedAt = Number.NEGATIVE_INFINITY
  /** Chunks that came to whom they were offered. */
  #arrivals = 0
  /** Since when somebody could not be offered more. */
  #drySince: number | undefined
  #cancelTimer: CancelTimer | undefined

  constructor(init: FirstCopiesInit) {
    this.#init = init
    this.#taken = new Uint16Array(init.count)
    this.#pool = Array.from({ length: init.count }, (_, index) => index)
    this.#pooled = Bitfield.full(init.count)
    for (let at = init.count - 1; at > 0; at--) this.#swap(at, Math.floor(init.random.float() * (at + 1)))
  }

  /** A receiver came. It counts as having nothing until it says what it holds. */
  enter(receiver: CopyReceiver): void {
    this.#shares.set(receiver, {
      held: new Bitfield(this.#init.count),
      open: new Set(),
      wanted: new Set(),
      isRestricted: false
    })
    this.#offerToAll()
  }

  /** A receiver told that it holds these chunks as well. */
  gained(receiver: CopyReceiver, indices: Iterable<number>): void {
    const share = this.#shares.get(receiver)
    if (!share) return
    for (const index of indices) {
      if (!share.held.add(index)) continue
      const wasOffered = share.open.delete(index) || share.wanted.delete(index)
      if (wasOffered) this.#noteArrival()
      else this.#take(index)
    }
    this.#offerToAll()
  }

  /** A receiver asked for a chunk, offered or not. */
  wanted(receiver: CopyReceiver, index: number): void {
    const share = this.#shares.get(receiver)
    if (!share || share.wanted.has(index) || share.held.has(index)) return
    if (!share.open.delete(index)) this.#take(index)
    share.wanted.add(index)
    this.#offer(receiver, share, this.#lacking())
  }

  /** A part of a chunk went out, to whomever. */
  sent(): void {
    this.#sentAt = this.#init.clock.monotonic()
  }

  /** A receiver has gone, and with it what only it held. */
  leave(receiver: CopyReceiver): void {
    const share = this.#shares.get(receiver)
    if (!share) return
    this.#shares.delete(receiver)
    for (const index of [...share.held, ...share.open, ...share.wanted]) this.#giveBack(index)
    this.#offerToAll()
  }

  #noteArrival(): void {
    this.#arrivals++
    this.#arrivedAt = this.#init.clock.monotonic()
  }

  #offerToAll(): void {
    const crowd = this.#lacking()
    for (const [receiver, share] of this.#shares) this.#offer(receiver, share, crowd)
  }

  /** @param crowd receivers that lack something */
  #offer(receiver: CopyReceiver, share: Share, crowd: number): void {
    if (share.held.isFull) return
    if (crowd < MIN_RECEIVERS) this.#lift(receiver, share)
    else this.#offerMore(receiver, share, crowd)
    if (share.open.size === 0 && share.isRestricted) this.#liftDryLater()
  }

  /** Who comes while first copies are on their way waits for those, and is offered nothing for now: what it gets, it gets from the others. */
  #offerMore(receiver: CopyReceiver, share: Share, crowd: number): void {
    const offered = this.#draw(this.#allowance(share, crowd))
    for (const index of offered) share.open.add(index)
    const isNew = !share.isRestricted && share.held.size === 0 && share.wanted.size === 0
    if (offered.length === 0 && !(isNew && this.#isAnyOnItsWay())) return
    share.isRestricted = true
    if (offered.length > 0) this.#drySince = undefined
    else this.#helpLater(receiver, share)
    receiver.offer(offered)
  }

  /** A newcomer is free once first copies are out, however busy the holder is with other chunks. */
  #helpLater(receiver: CopyReceiver, share: Share, since = this.#standing(share)): void {
    this.#init.clock.after(NEWCOMER_INTERVAL, () => {
      if (this.#shares.get(receiver) !== share || !share.isRestricted) return
      if (this.#isAnyOnItsWay()) this.#helpLater(receiver, share, this.#help(receiver, share, since))
      else this.#lift(receiver, share)
    })
  }

  /** Offers a few chunks to who got nothing since then, if many first copies have gone elsewhere. Returns from when on to count next. */
  #help(receiver: CopyReceiver, share: Share, since: Standing): Standing {
    const isIdle = share.open.size === 0 && share.wanted.size === 0 && share.held.size === since.held
    if (isIdle && this.#arrivals - since.arrivals < MISSED_COPIES) return since
    if (isIdle) receiver.offer(this.#drawAgain(share))
    return this.#standing(share)
  }

  #standing({ held }: Share): Standing {
    return { arrivals: this.#arrivals, held: held.size }
  }

  /** Chunks that a receiver lacks, whoever else was offered them. */
  #drawAgain({ held, open }: Share): number[] {
    const lacking = [...held.missing()]
    for (let count = Math.min(NEWCOMER_OFFERS, lacking.length); count > 0; count--) {
      const [index = 0] = lacking.splice(Math.floor(this.#init.random.float() * lacking.length), 1)
      this.#take(index)
      open.add(index)
    }
    return [...open]
  }

  /** How many more chunks a receiver is offered: its part of all, within bounds. */
  #allowance({ held, open, wanted }: Share, crowd: number): number {
    const part = held.size === 0 ? LEAST_OFFERS : Math.ceil(this.#init.count / crowd)
    const most = Math.min(MOST_OFFERS, Math.max(LEAST_OFFERS, part))
    return Math.min(OPEN_OFFERS - open.size, most - open.size - wanted.size)
  }

  /** Receivers that lack something. */
  #lacking(): number {
    let lacking = 0
    for (const { held } of this.#shares.values()) if (!held.isFull) lacking++
    return lacking
  }

  #isAnyOnItsWay(): boolean {
    for (const { open, wanted } of this.#shares.values()) if (open.size > 0 || wanted.size > 0) return true
    return false
  }

  #draw(count: number): number[] {
    const drawn: number[] = []
    while (drawn.length < count) {
      const index = this.#pool.pop()
      if (index === undefined) break
      this.#pooled.delete(index)
      if (this.#taken[index] !== 0) continue
      this.#take(index)
      drawn.push(index)
    }
    return drawn
  }

  #liftDryLater(): void {
    const { clock } = this.#init
    this.#drySince ??= clock.monotonic()
    if (this.#cancelTimer) return
    this.#cancelTimer = clock.after(Math.max(1, this.#liftAt() - clock.monotonic()), () => {
      this.#cancelTimer = undefined
      this.#liftDry()
    })
  }

  #liftAt(): number {
    const dry = this.#drySince ?? Number.POSITIVE_INFINITY
    return Math.min(Math.max(dry, this.#sentAt) + GRACE, Math.max(dry, this.#arrivedAt) + PATIENCE)
  }

  #liftDry(): void {
    const dry = [...this.#shares].filter(([, share]) => share.isRestricted && share.open.size === 0)
    if (dry.length === 0) return
    if (this.#liftAt() > this.#init.clock.monotonic()) this.#liftDryLater()
    else for (const [receiver, share] of dry) this.#lift(receiver, share)
  }

  #lift(receiver: CopyReceiver, share: Share): void {
    if (!share.isRestricted) return
    share.isRestricted = false
    receiver.offerAll()
  }

  #take(index: number): void {
    this.#taken[index] = (this.#taken[index] ?? 0) + 1
  }

  #giveBack(index: number): void {
    const left = Math.max(0, (this.#taken[index] ?? 0) - 1)
    this.#taken[index] = left
    if (left > 0 || !this.#pooled.add(index)) return
    this.#pool.push(index)
    this.#swap(this.#pool.length - 1, Math.floor(this.#init.random.float() * this.#pool.length))
  }

  #swap(a: number, b: number): void {
    const [first = 0, second = 0] = [this.#pool[a], this.#pool[b]]
    this.#pool[a] = second
    this.#pool[b] = first
  }
}
