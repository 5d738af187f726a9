import assert from 'node:assert/strict'
import { STABILISE_INTERVAL, SUCCESSORS } from '../../../src/peer/chord/constants.ts'
import { positionFromBytes, type RingPosition } from '../../../src/peer/chord/ring-position.ts'
import { DeathRecorder } from './death-recorder.ts'
import { describeMix, type FaultMix, faultMixOf } from './fault-mix.ts'
import { HostileRecords } from './hostile-records.ts'
import {
  assertAlways,
  assertFingersExact,
  assertIdeal,
  assertIdealRing,
  assertRing,
  assertWellFormed,
  hasLostAList,
  holds
} from './invariants.ts'
import { LookupWatch } from './lookup-watch.ts'
import { RecordWatch } from './record-watch.ts'
import { type SimulatedPeer, type SimulatedPublication, Simulation } from './simulation.ts'

/** What a run was and did. */
export interface InvariantReport {
  seed: number
  mix: string
  /** Instants after which the invariants were checked. */
  steps: number
  /** Hops checked for I8. */
  hops: number
  /** Stored records checked for I9. */
  records: number
  meanHops: number
}

/** Members with which the ring is founded, before I2 can hold. */
const FOUNDERS = 12
/** Peers that join at the same time until all are there. */
const JOINING = 4
const STEPS = 16
/** Milliseconds without faults after which nearly all rings are ideal: six rounds. */
const QUIET = 90_000
/** The same after which every ring has to be: 3r rounds, as each may bring the end of a list one member further. */
const QUIET_AT_MOST = 3 * SUCCESSORS * STABILISE_INTERVAL
/** The same while members have joined lately, and have a round every 5 s. */
const QUIET_SETTLING = 45_000
const PARTITION = 120_000
/** Milliseconds after a partition within which both halves nearly always are one ring again. */
const HEALING = 300_000
const RECORDS = 12
const LOOKUPS = 100
/** How often a peer tries to join while messages get lost. */
const TRIES = 3
/** Milliseconds until a publication is settled: a stabilise period. */
const SETTLE_WITHIN = 15_000

/** One ring of `nodes` members, through joins, leaves, deaths and the faults of its seed, with I1 to I10 after every step. */
export class InvariantRun {
  readonly #simulation: Simulation
  readonly #mix: FaultMix
  readonly #seed: number
  readonly #nodes: number
  readonly #lookups: LookupWatch
  readonly #records: RecordWatch
  readonly #hostile: HostileRecords
  readonly #deaths: DeathRecorder
  /** Sides of a partition on which a list lost all its entries: Zave's assumption is broken there until it heals. */
  readonly #excused = new Set<number>()
  #phase: 'founding' | 'whole' | 'parted' | 'healing' = 'founding'
  #steps = 0

  constructor(seed: number, nodes = 64) {
    this.#seed = seed
    this.#nodes = nodes
    this.#mix = faultMixOf(seed)
    const faults = { ...this.#mix.faults, drop: 0 }
    this.#simulation = new Simulation({ seed, faults, clockSkew: this.#mix.clockSkew })
    this.#lookups = new LookupWatch(this.#simulation)
    this.#records = new RecordWatch(this.#simulation)
    this.#hostile = new HostileRecords(this.#simulation)
    this.#deaths = new DeathRecorder(this.#simulation)
  }

  async run(): Promise<InvariantReport> {
    const simulation = this.#simulation
    await simulation.grow(FOUNDERS, this.#check)
    await this.#quiet(QUIET_SETTLING)
    this.#phase = 'whole'
    await this.#grow()
    await this.#quiet(QUIET_SETTLING)
    await this.#publish()
    await this.#perturbForAWhile()
    await this.#quiet()
    if (this.#mix.isPartitioned) await this.#part()
    await this.#assertReplicated()
    const meanHops = await this.#lookUp()
    return {
      seed: this.#seed,
      mix: describeMix(this.#mix),
      steps: this.#steps,
      hops: this.#lookups.hops,
      records: this.#records.records,
      meanHops
    }
  }

  readonly #check = (): void => {
    const simulation = this.#simulation
    this.#lookups.check()
    if (!simulation.isChanged) return
    simulation.isChanged = false
    this.#deaths.assertStored()
    this.#steps++
    if (this.#phase === 'founding' || this.#phase === 'whole') {
      assertAlways(simulation, this.#phase === 'whole')
      return
    }
    for (const peer of simulation.peers) assertWellFormed(peer)
    if (this.#phase === 'parted') this.#checkSides()
  }

  #checkSides(): void {
    for (const side of [1, 2]) if (!this.#excused.has(side)) assertRing(this.#side(side), true)
  }

  #side(side: number): SimulatedPeer[] {
    return this.#simulation.members.filter(({ peerId }) => this.#simulation.network.sideOf(peerId) === side)
  }

  async #grow(): Promise<void> {
    const simulation = this.#simulation
    while (simulation.peers.length < this.#nodes) {
      const count = Math.min(JOINING, this.#nodes - simulation.peers.length)
      const joins = Array.from({ length: count }, () =>
        simulation.join(simulation.make(), simulation.random.pick(simulation.members))
      )
      await simulation.clock.until(Promise.all(joins), this.#check)
    }
  }

  async #quiet(milliseconds = QUIET): Promise<void> {
    this.#simulation.network.faults.drop = 0
    await this.#settle(milliseconds, this.#assertIdeal)
    this.#records.check()
  }

  readonly #assertIdeal = (): void => {
    assertIdeal(this.#simulation)
    assertFingersExact(this.#simulation)
  }

  async #settle(milliseconds: number, assertion: () => void): Promise<void> {
    const { clock } = this.#simulation
    await clock.run(milliseconds, this.#check)
    for (let waited = milliseconds; waited < QUIET_AT_MOST && !holds(assertion); waited += QUIET) {
      await clock.run(QUIET, this.#check)
    }
    assertion()
  }

  async #publish(): Promise<void> {
    const { clock, random, members } = this.#simulation
    const signal = new AbortController().signal
    const begun = clock.monotonic()
    const published = Array.from({ length: RECORDS }, () => this.#simulation.publish(random.pick(members)))
    for (const one of published) {
      await clock.until(one.publication.acknowledged(signal), this.#check)
      this.#deaths.watch(one)
    }
    await clock.until(Promise.all(published.map(one => one.publication.settled(signal))), this.#check)
    const took = clock.monotonic() - begun
    assert.ok(
      took <= SETTLE_WITHIN,
      `Records settled after ${took} ms, a stabilise period is ${SETTLE_WITHIN}`
    )
  }

  async #perturbForAWhile(): Promise<void> {
    const { clock, network, random } = this.#simulation
    network.faults.drop = this.#mix.faults.drop
    await this.#hostile.flood(random.pick(this.#simulation.members), 80)
    for (let step = 0; step < STEPS; step++) {
      this.#hostile.collectFrom(random.pick(this.#simulation.members))
      await this.#perturb()
      this.#startLookup()
      await this.#hostile.send(random.pick(this.#simulation.members))
      await clock.run(random.float() * 8_000, this.#check)
      this.#records.check()
      this.#deaths.assertStored()
    }
  }

  async #perturb(): Promise<void> {
    const { random, clock, members } = this.#simulation
    const kind = random.below(6)
    // Never more than three at once, so that no list of eight loses all its entries.
    if (kind < 2) for (let deaths = 1 + random.below(3); deaths > 0; deaths--) this.#deaths.kill(kind === 1)
    else if (kind === 2) this.#deaths.renew()
    else if (kind === 3) {
      const leaver = random.pick(members)
      if (this.#deaths.takes(leaver, false)) await clock.until(this.#simulation.leave(leaver), this.#check)
    } else await this.#join()
  }

  // One in four only asks. While messages get lost, the first try may be in vain, as it may be for a person.
  async #join(): Promise<void> {
    const { clock, network, random, members } = this.#simulation
    for (let left = network.faults.drop > 0 ? TRIES : 1; left > 0; left--) {
      try {
        const peer = this.#simulation.make({ stay: random.below(4) > 0 })
        await clock.until(this.#simulation.join(peer, random.pick(members)), this.#check)
        return
      } catch (error) {
        if (left === 1 || error instanceof assert.AssertionError) throw error
      }
    }
  }

  // What it finds while members come and go may be out of date; how it gets there is checked hop by hop.
  #startLookup(): void {
    const { random, members } = this.#simulation
    const signal = new AbortController().signal
    const key = positionFromBytes(random.bytes(32))
    random
      .pick(members)
      .node.owners(key, { signal })
      .catch(() => undefined)
  }

  async #part(): Promise<void> {
    const { network, peers, random } = this.#simulation
    const sides = new Map(peers.map(peer => [peer.peerId, 1 + random.below(2)]))
    network.partition(peerId => sides.get(peerId) ?? 1)
    this.#phase = 'parted'
    for (const side of [1, 2]) if (hasLostAList(this.#side(side))) this.#excused.add(side)
    this.#deaths.pause()
    const sound = [1, 2].filter(side => !this.#excused.has(side))
    await this.#settle(PARTITION, () => {
      for (const side of sound) assertIdealRing(this.#side(side))
    })
    network.heal()
    this.#phase = 'healing'
    await this.#settle(HEALING, this.#assertIdeal)
    this.#phase = 'whole'
    this.#deaths.resume()
  }

  /** Everything published by those that live on is back at all four of its members, and is found. */
  async #assertReplicated(): Promise<void> {
    const { clock, random, members } = this.#simulation
    const signal = new AbortController().signal
    const assertOne = async ({ announceKey, by }: SimulatedPublication): Promise<void> => {
      const key = positionFromBytes(announceKey.dhtKey)
      for (const owner of this.#simulation.trueOwners(key, 4)) {
        const held = owner.node.store.get(key).length
        assert.equal(held, 1, `${owner.peerId} has no copy of a record that it should hold`)
      }
      const found = await random.pick(members).node.findProviders(key, { signal })
      assert.deepEqual(
        found.map(record => record.provider.toString()),
        [by.peerId]
      )
    }
    await clock.until(Promise.all([...this.#deaths.watched].map(assertOne)), this.#check)
  }

  async #lookUp(): Promise<number> {
    const { clock, random, members } = this.#simulation
    const signal = new AbortController().signal
    const lookUp = async (key: RingPosition): Promise<number> => {
      const owners = await random.pick(members).node.owners(key, { signal })
      assert.equal(owners.members[0]?.peerId, this.#simulation.trueOwners(key, 1)[0]?.peerId)
      return owners.hops
    }
    const keys = Array.from({ length: LOOKUPS }, () => positionFromBytes(random.bytes(32)))
    const hops = await clock.until(Promise.all(keys.map(lookUp)), this.#check)
    const meanHops = hops.reduce((sum, one) => sum + one, 0) / LOOKUPS
    const bound = Math.log2(members.length) / 2 + 0.8
    assert.ok(meanHops <= bound, `mean hops ${meanHops}, at most ${bound}`)
    return meanHops
  }
}
