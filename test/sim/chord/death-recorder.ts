import assert from 'node:assert/strict'
import { ACKNOWLEDGED_COPIES, REPLICAS } from '../../../src/peer/chord/constants.ts'
import { positionFromBytes, type RingPosition } from '../../../src/peer/chord/ring-position.ts'
import type { SimulatedPeer, SimulatedPublication, Simulation } from './simulation.ts'

interface WatchedRecord extends SimulatedPublication {
  key: RingPosition
  /** Until when each death of a member that had to hold it may take to be mended. */
  deaths: number[]
}

/**
 * Milliseconds until a death is mended: a stabilise round of 15 s and a quarter, and where no broken connection tells, two
 * deadlines of 6 s more.
 */
const MENDED_AFTER = 19_000
const MENDED_AFTER_SILENCE = 31_000

/**
 * I7: every acknowledged record is held by its owner or one of the next three members, while fewer of them die within a
 * stabilise period than there are copies. Chooses whom to kill so that this condition, and nothing else, is kept.
 */
export class DeathRecorder {
  readonly #simulation: Simulation
  #records: WatchedRecord[] = []
  #isPaused = false

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  get watched(): readonly SimulatedPublication[] {
    return this.#records
  }

  /** From now on this record, which is acknowledged, must not be lost. */
  watch(publication: SimulatedPublication): void {
    const key = positionFromBytes(publication.announceKey.dhtKey)
    this.#records.push({ ...publication, key, deaths: [] })
  }

  /** Kills a member, if it may die. */
  kill(isSilent: boolean): void {
    const victim = this.#simulation.random.pick(this.#simulation.members)
    if (!this.takes(victim, isSilent)) return
    if (isSilent) this.#simulation.cutPower(victim)
    else this.#simulation.crash(victim)
  }

  /** Whether a member may go, be it by death or by leaving; then its copies count as gone. */
  takes(victim: SimulatedPeer, isSilent: boolean): boolean {
    const now = this.#simulation.clock.monotonic()
    const hit = this.#records.filter(record => this.#holdersOf(record).includes(victim))
    if (hit.some(record => record.deaths.filter(until => until > now).length + 1 >= this.#copiesOf(record)))
      return false
    for (const record of hit) record.deaths.push(now + (isSilent ? MENDED_AFTER_SILENCE : MENDED_AFTER))
    this.#forgetRecordsOf(victim)
    return true
  }

  /** A publisher that is gone keeps nothing alive: its records may vanish. */
  #forgetRecordsOf(peer: SimulatedPeer): void {
    this.#records = this.#records.filter(({ by }) => by !== peer)
  }

  /** A publisher signs a new version. */
  renew(): void {
    if (this.#records.length > 0) this.#simulation.random.pick(this.#records).publication.renew()
  }

  /** Between these a partition takes more members away than there are copies. */
  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
  }

  assertStored(): void {
    if (this.#isPaused) return
    for (const record of this.#records) {
      const held = this.#holdersOf(record).some(holder => holder.node.store.get(record.key).length > 0)
      assert.ok(held, 'I7: a record is lost')
    }
  }

  #copiesOf({ publication }: WatchedRecord): number {
    return publication.copies >= REPLICAS ? REPLICAS : Math.min(publication.copies, ACKNOWLEDGED_COPIES)
  }

  #holdersOf({ key }: WatchedRecord): SimulatedPeer[] {
    return this.#simulation.trueOwners(key, REPLICAS)
  }
}
