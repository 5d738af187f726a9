import type { Clock } from '../../clock.ts'
import { toPeerError } from '../../errors.ts'
import { EventEmitter } from '../../event-emitter.ts'
import type { Logger } from '../../log.ts'
import { MAX_RECORDS } from '../constants.ts'
import type { Contact } from '../contact.ts'
import type { Network } from '../network.ts'
import { PeriodicTask } from '../periodic-task.ts'
import { isBetween } from '../ring-position.ts'
import type { RingState } from '../ring-state.ts'
import type { Arc } from '../rpc/protocol.ts'
import { pagesOf, type RecordStore } from './record-store.ts'

/** Records of an arc that came to this member, or went to another one. */
export interface RecordsMoved {
  direction: 'in' | 'out'
  records: number
}

export interface HandOverComponents {
  ring: RingState
  network: Network
  store: RecordStore
  clock: Clock
  log: Logger
}

/** Milliseconds until a pull that nobody answered is tried again. */
const RETRY = 5_000
/** Arcs that wait to be pulled; more are joined into everything that this member owns. */
const MAX_PENDING = 8
/** Milliseconds that a new predecessor has to fetch its records itself, as a joiner does, before it is compared. */
const GIVE_DELAY = 2_000

/** Fetches the records of an arc that this member came to own, by joining or because others died. */
export class HandOver {
  readonly events: EventEmitter<{ moved: RecordsMoved }>
  readonly #components: HandOverComponents
  readonly #task: PeriodicTask
  readonly #giving: PeriodicTask
  readonly #given = new Map<string, { to: Contact; arc: Arc }>()
  #pending: Arc[] = []

  constructor(components: HandOverComponents) {
    this.#components = components
    this.events = new EventEmitter(error => components.log.error('A listener of hand-overs failed', error))
    const { clock } = components
    this.#task = new PeriodicTask({ clock, run: signal => this.#pullPending(signal) })
    this.#giving = new PeriodicTask({ clock, run: signal => this.#give(signal) })
  }

  start(): void {
    this.#task.start()
    this.#giving.start()
  }

  stop(): void {
    this.#task.stop()
    this.#giving.stop()
    this.#pending = []
    this.#given.clear()
  }

  /** The predecessor changed: what was gained has to be fetched, what was lost is offered to its new owner. */
  onPredecessor(previous: Contact | undefined, current: Contact | undefined): void {
    const { position } = this.#components.ring
    if (!current) return
    if (previous && isBetween(previous.position, current.position, position)) {
      this.#given.set(current.peerId, { to: current, arc: { from: previous.position, to: current.position } })
      if (this.#given.size > MAX_PENDING) this.#given.clear()
      this.#giving.poke(GIVE_DELAY)
      return
    }
    this.#pending.push({ from: current.position, to: previous?.position ?? position })
    if (this.#pending.length > MAX_PENDING) this.#pending = [{ from: current.position, to: position }]
    this.#task.poke(0)
  }

  /** Whether a member holds something else in an arc than this one. False when it does not answer. */
  async differs(member: Contact, arc: Arc, signal: AbortSignal): Promise<boolean> {
    const { network, store, log } = this.#components
    try {
      const theirs = await network.call(member, 'digest', { arc }, { signal })
      return Buffer.compare(theirs.digest, store.digest(arc).digest) !== 0
    } catch (error) {
      log.debug(`Records were not compared with peer ${member.peerId}: ${toPeerError(error).message}`)
      return false
    }
  }

  /** Fetches all records of an arc from a member, page by page. Returns whether it answered to the end. */
  async pullFrom(member: Contact, arc: Arc, signal: AbortSignal): Promise<boolean> {
    const { network, store, log } = this.#components
    let after: string | undefined
    let count = 0
    try {
      do {
        const request = after === undefined ? { arc } : { arc, after }
        const page = await network.call(member, 'pull', request, { signal })
        for (const record of page.records) await store.accept(record)
        count += page.records.length
        // A page that does not advance would go on for ever.
        after = page.after !== undefined && page.after > (after ?? '') ? page.after : undefined
      } while (after !== undefined && count < MAX_RECORDS)
      if (count > 0) {
        log.info(`Took over ${count} records from peer ${member.peerId}`)
        this.events.emit('moved', { direction: 'in', records: count })
      }
      return true
    } catch (error) {
      if (!signal.aborted) log.debug(`Hand-over from ${member.peerId} broke: ${toPeerError(error).message}`)
      return false
    }
  }

  /** Sends all records of an arc to a member. */
  async pushTo(member: Contact, arc: Arc, signal: AbortSignal): Promise<void> {
    const { network, store, log } = this.#components
    const held = store.inArc(arc)
    try {
      for (const page of pagesOf(held)) {
        const records = page.map(stored => store.inTransit(stored))
        await network.call(member, 'store', { records }, { signal })
      }
      if (held.length === 0) return
      log.info(`Handed ${held.length} records over to peer ${member.peerId}`)
      this.events.emit('moved', { direction: 'out', records: held.length })
    } catch (error) {
      if (!signal.aborted) log.debug(`Hand-over to ${member.peerId} broke: ${toPeerError(error).message}`)
    }
  }

  async #pullPending(signal: AbortSignal): Promise<void> {
    const arcs = this.#pending
    this.#pending = []
    for (const arc of arcs) {
      if (signal.aborted || (await this.#pullArc(arc, signal))) continue
      this.#pending.push(arc)
    }
    if (this.#pending.length > 0 && !signal.aborted) this.#task.poke(RETRY)
  }

  // When two rings merge, the new predecessor owned the arc in its own ring and asks nobody for it.
  async #give(signal: AbortSignal): Promise<void> {
    const given = [...this.#given.values()]
    this.#given.clear()
    for (const { to, arc } of given) {
      if (await this.differs(to, arc, signal)) await this.pushTo(to, arc, signal)
    }
  }

  // The successor held the arc before or has a copy of it; the one after it stands in when the first is gone.
  async #pullArc(arc: Arc, signal: AbortSignal): Promise<boolean> {
    const successors = this.#components.ring.replicaTargets()
    if (successors.length === 0) return true
    for (const successor of successors) {
      if (await this.pullFrom(successor, arc, signal)) return true
    }
    return false
  }
}
