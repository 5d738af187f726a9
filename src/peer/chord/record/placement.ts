import type { Clock } from '../../clock.ts'
import { toPeerError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { ACKNOWLEDGED_COPIES, REPLICAS } from '../constants.ts'
import type { Contact } from '../contact.ts'
import type { Network } from '../network.ts'
import type { StoreOutcome } from '../rpc/protocol.ts'
import type { RecordVersion } from './record-source.ts'
import type { RecordInTransit } from './signed-record.ts'

export interface PlacementComponents {
  clock: Clock
  log: Logger
  network: Network
  peerId: string
  /** Stores in this member's own store. */
  storeHere(record: RecordInTransit): Promise<StoreOutcome>
}

/** Where the present version of one record is stored. */
export class Placement {
  readonly #components: PlacementComponents
  readonly #holders = new Map<string, Contact>()
  #wanted = REPLICAS

  constructor(components: PlacementComponents) {
    this.#components = components
  }

  /** Members that confirmed to store it. */
  get holders(): readonly Contact[] {
    return [...this.#holders.values()]
  }

  get copies(): number {
    return this.#holders.size
  }

  /** Two members store it, or all of a smaller ring. */
  get isAcknowledged(): boolean {
    return this.copies >= Math.min(ACKNOWLEDGED_COPIES, this.#wanted)
  }

  /** Four members store it, or all of a smaller ring. */
  get isSettled(): boolean {
    return this.copies >= this.#wanted
  }

  /** There is a new version, which nobody has yet. */
  clear(): void {
    this.#holders.clear()
  }

  /** A member died or forgot what it held. Returns whether it was a holder. */
  lose(peerId: string): boolean {
    return this.#holders.delete(peerId)
  }

  /**
   * Stores a version at the four nearest of `owners` at once; whoever fails is replaced by the member behind. Returns the
   * sequence of a newer version, if a member knows one.
   */
  async put(
    version: RecordVersion,
    owners: readonly Contact[],
    signal: AbortSignal
  ): Promise<number | undefined> {
    this.#wanted = Math.max(1, Math.min(REPLICAS, owners.length))
    const queue = [...owners]
    const stored = new Map<string, Contact>()
    while (stored.size < this.#wanted && queue.length > 0) {
      const batch = queue.splice(0, this.#wanted - stored.size)
      const outcomes = await Promise.all(batch.map(member => this.#storeAt(member, version, signal)))
      signal.throwIfAborted()
      batch.forEach((member, index) => {
        if (outcomes[index]?.status === 'stored') stored.set(member.peerId, member)
      })
      const newer = outcomes.flatMap(outcome => outcome?.sequence ?? [])
      if (newer.length > 0) return Math.max(...newer)
    }
    this.#holders.clear()
    for (const [peerId, member] of stored) this.#holders.set(peerId, member)
    return undefined
  }

  async #storeAt(
    member: Contact,
    { signed, expiresAt, isFinal }: RecordVersion,
    signal: AbortSignal
  ): Promise<StoreOutcome | undefined> {
    const { clock, log, network, peerId, storeHere } = this.#components
    const record = { signed, remaining: Math.max(0, expiresAt - clock.monotonic()) }
    try {
      const outcome =
        member.peerId === peerId
          ? await storeHere(record)
          : (await network.call(member, 'store', { records: [record] }, { signal })).outcomes[0]
      // Where a later word of the same author is known, this one need not be.
      return isFinal && outcome?.status === 'stale' ? { status: 'stored' } : outcome
    } catch (error) {
      log.debug(`A record was not stored at peer ${member.peerId}: ${toPeerError(error).message}`)
      return undefined
    }
  }
}
