import type { Clock } from '../../clock.ts'
import { toPeerError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { Random } from '../../random.ts'
import type { Contact } from '../contact.ts'
import type { Network } from '../network.ts'
import { PeriodicTask } from '../periodic-task.ts'
import type { RingState } from '../ring-state.ts'
import type { Arc } from '../rpc/protocol.ts'
import type { HandOver } from './hand-over.ts'
import { pagesOf, type RecordStore, type StoredRecord } from './record-store.ts'

export interface ReplicatorComponents {
  ring: RingState
  network: Network
  store: RecordStore
  handOver: HandOver
  clock: Clock
  random: Random
  log: Logger
}

/** Milliseconds that changes of the ring are gathered before copies are pushed. */
const DEBOUNCE = 250
/** Milliseconds until a push that failed is tried again. */
const RETRY = 5_000
/** Milliseconds between comparisons with the members that hold our copies. */
const ANTI_ENTROPY_INTERVAL = 600_000

/** Keeps a copy of each record that this member owns on the next three members. */
export class Replicator {
  readonly #components: ReplicatorComponents
  readonly #task: PeriodicTask
  readonly #antiEntropy: PeriodicTask
  /** What each target is known to hold: names with sequences. */
  readonly #copies = new Map<string, Map<string, number>>()

  constructor(components: ReplicatorComponents) {
    this.#components = components
    const { clock, random } = components
    this.#task = new PeriodicTask({ clock, run: signal => this.#push(signal) })
    this.#antiEntropy = new PeriodicTask({
      clock,
      nextDelay: () => ANTI_ENTROPY_INTERVAL * (0.75 + random.float() / 2),
      run: signal => this.#compareAll(signal)
    })
  }

  start(): void {
    this.#task.start()
    this.#antiEntropy.start()
  }

  stop(): void {
    this.#task.stop()
    this.#antiEntropy.stop()
    this.#copies.clear()
  }

  /** Owned records or their targets changed. */
  poke(): void {
    this.#task.poke(DEBOUNCE)
  }

  /** A target died or started anew: what it held is gone. */
  forget(peerId: string): void {
    if (this.#copies.delete(peerId)) this.poke()
  }

  /** Gives everything owned to the next members at once, before this one leaves. */
  async handAway(signal: AbortSignal): Promise<void> {
    await this.#pushToAll(signal)
  }

  async #push(signal: AbortSignal): Promise<void> {
    const complete = await this.#pushToAll(signal)
    if (!complete && !signal.aborted) this.#task.poke(RETRY)
  }

  async #pushToAll(signal: AbortSignal): Promise<boolean> {
    const { ring, store } = this.#components
    const arc = this.#ownedArc()
    if (!arc) return true
    const targets = ring.replicaTargets()
    for (const peerId of this.#copies.keys()) {
      if (!targets.some(target => target.peerId === peerId)) this.#copies.delete(peerId)
    }
    const owned = store.inArc(arc)
    const results = await Promise.all(targets.map(target => this.#pushTo(target, owned, signal)))
    return results.every(Boolean)
  }

  async #pushTo(target: Contact, owned: readonly StoredRecord[], signal: AbortSignal): Promise<boolean> {
    const copies = this.#copies.get(target.peerId) ?? new Map<string, number>()
    this.#copies.set(target.peerId, copies)
    const due = owned.filter(({ read }) => copies.get(read.name) !== read.sequence)
    for (const page of pagesOf(due)) {
      if (!(await this.#pushPage(target, page, copies, signal))) return false
    }
    return true
  }

  async #pushPage(
    target: Contact,
    page: readonly StoredRecord[],
    copies: Map<string, number>,
    signal: AbortSignal
  ): Promise<boolean> {
    const { network, store, log } = this.#components
    const records = page.map(stored => store.inTransit(stored))
    try {
      const { outcomes } = await network.call(target, 'store', { records }, { signal })
      page.forEach(({ read }, index) => {
        if (outcomes[index]?.status !== 'refused') copies.set(read.name, read.sequence)
      })
      return true
    } catch (error) {
      if (!signal.aborted) {
        log.debug(`Copies did not reach peer ${target.peerId}: ${toPeerError(error).message}`)
      }
      return false
    }
  }

  async #compareAll(signal: AbortSignal): Promise<void> {
    const arc = this.#ownedArc()
    if (!arc) return
    for (const target of this.#components.ring.replicaTargets()) {
      if (await this.#components.handOver.differs(target, arc, signal)) {
        this.#copies.delete(target.peerId)
        await this.#components.handOver.pullFrom(target, arc, signal)
      }
    }
    this.poke()
  }

  #ownedArc(): Arc | undefined {
    const { ring } = this.#components
    const from = ring.ownedFrom
    return from === undefined ? undefined : { from, to: ring.position }
  }
}
