import type { Clock } from '../clock.ts'

/** What a peer did counts half after a day. */
const HALF_LIFE = 24 * 60 * 60 * 1000

/** More than so many deeds are not counted: whoever was good for long and then fails is noticed soon. */
const MAX_EVIDENCE = 100

/** Peers remembered; those of whom nothing was heard for longest make room. */
const MAX_PEERS = 2000

/** What is kept of one peer: deeds, weighed, as of `at` in milliseconds since the epoch. */
export interface Evidence {
  readonly peerId: string
  readonly successes: number
  readonly failures: number
  readonly at: number
}

/**
 * How far one peer can be relied on: the mean of a Beta distribution over its deeds, older ones weighing less (Jøsang and Ismail
 * 2002). A chunk that verified is a success; a refusal a failure, a timeout two. Who sends a wrong chunk is banned instead.
 */
export class Reputation {
  readonly #clock: Clock
  readonly #onChange: (() => void) | undefined
  #successes: number
  #failures: number
  #at: number

  constructor(clock: Clock, known?: Evidence, onChange?: () => void) {
    this.#clock = clock
    this.#onChange = onChange
    this.#successes = known?.successes ?? 0
    this.#failures = known?.failures ?? 0
    this.#at = known?.at ?? clock.now()
  }

  /** Between 0 and 1; one half for somebody unknown. */
  get value(): number {
    const { successes, failures } = this.evidence
    return (successes + 1) / (successes + failures + 2)
  }

  /** The deeds, aged to now. */
  get evidence(): Omit<Evidence, 'peerId'> {
    const now = this.#clock.now()
    const weight = 0.5 ** (Math.max(0, now - this.#at) / HALF_LIFE)
    return { successes: this.#successes * weight, failures: this.#failures * weight, at: now }
  }

  succeeded(): void {
    this.#add(1, 0)
  }

  failed(weight: number): void {
    this.#add(0, weight)
  }

  #add(success: number, failure: number): void {
    const { successes, failures, at } = this.evidence
    const shrink = Math.min(1, MAX_EVIDENCE / (successes + failures + success + failure))
    this.#successes = (successes + success) * shrink
    this.#failures = (failures + failure) * shrink
    this.#at = at
    this.#onChange?.()
  }
}

/** The reputations of all peers that this one has fetched from, over its downloads and restarts. */
export class ReputationBook {
  readonly #clock: Clock
  readonly #onChange: () => void
  readonly #byPeer = new Map<string, Reputation>()

  /** @param onChange called at each deed */
  constructor(clock: Clock, known: readonly Evidence[] = [], onChange: () => void = () => undefined) {
    this.#clock = clock
    this.#onChange = onChange
    for (const evidence of known.slice(0, MAX_PEERS)) {
      this.#byPeer.set(evidence.peerId, new Reputation(clock, evidence, onChange))
    }
  }

  of(peerId: string): Reputation {
    const reputation = this.#byPeer.get(peerId) ?? new Reputation(this.#clock, undefined, this.#onChange)
    // The map's order is that of use.
    this.#byPeer.delete(peerId)
    this.#byPeer.set(peerId, reputation)
    const [longestUnused] = this.#byPeer.keys()
    if (this.#byPeer.size > MAX_PEERS && longestUnused !== undefined) this.#byPeer.delete(longestUnused)
    return reputation
  }

  /** What to keep, the longest unused first; peers that have done nothing lately left out. */
  get evidence(): Evidence[] {
    const all = [...this.#byPeer].map(([peerId, { evidence }]) => ({ peerId, ...evidence }))
    return all.filter(({ successes, failures }) => successes + failures >= 0.1)
  }
}
