import { positionFromBytes } from '../../../src/peer/chord/ring-position.ts'
import { countCycles, hasLostAList } from './invariants.ts'
import { rounded } from './mass-failure.ts'
import { buildRing } from './ring-builder.ts'
import { type SimulatedPeer, type SimulatedPublication, Simulation } from './simulation.ts'

export interface ChurnOptions {
  nodes: number
  successors?: number
  /** Mean minutes that a member lives. */
  session: number
  /** Simulated minutes to watch. */
  minutes: number
  seed: number
  onProgress?: (text: string) => void
}

/** How a ring does while members come and die. Shares are between 0 and 1. */
export interface ChurnResult {
  nodes: number
  successors: number
  session: number
  minutes: number
  lookups: number
  /** Look-ups that ended at exactly the owner. */
  exact: number
  /** Look-ups that ended at the owner or one of the next three members. */
  replicaSet: number
  meanHops: number
  /** Peers that were asked in vain. */
  deadContactsPerLookup: number
  joins: number
  failedJoins: number
  deaths: number
  /** Seconds at which the members were not all in one ring. */
  partitions: number
  /** Seconds at which some member knew no living successor. */
  lostLists: number
  recordChecks: number
  /** Of these, how often a record was at none of the four members that should hold it. */
  recordsLost: number
  seconds: number
  megabytes: number
}

const MINUTE = 60_000
const LOOKUPS_PER_SECOND = 5
const PUBLISHERS = 5
const RECORDS_EACH = 10
const REPLICA_SET = 4

/**
 * A ring with Poisson joins, where each peer lives for an exponential time from when it begins to join: about as many die as
 * come, and their number stays near `nodes`. Deaths are silent: nobody says good-bye, no broken connection tells.
 */
export class Churn {
  readonly #options: ChurnOptions
  readonly #simulation: Simulation
  readonly #result: ChurnResult
  #records: SimulatedPublication[] = []
  #exact = 0
  #replicaSet = 0
  #hops = 0
  #deadContacts = 0

  constructor(options: ChurnOptions) {
    this.#options = options
    const { nodes, successors, session, minutes, seed } = options
    this.#simulation = new Simulation({ seed, node: successors === undefined ? {} : { successors } })
    this.#result = {
      nodes,
      successors: 0,
      session,
      minutes,
      lookups: 0,
      exact: 0,
      replicaSet: 0,
      meanHops: 0,
      deadContactsPerLookup: 0,
      joins: 0,
      failedJoins: 0,
      deaths: 0,
      partitions: 0,
      lostLists: 0,
      recordChecks: 0,
      recordsLost: 0,
      seconds: 0,
      megabytes: 0
    }
  }

  async run(): Promise<ChurnResult> {
    const started = performance.now()
    const { clock } = this.#simulation
    await buildRing(this.#simulation, this.#options.nodes)
    await this.#publish()
    for (const member of this.#simulation.members) this.#endLater(member)
    this.#later(this.#exponential(this.#betweenJoins), () => this.#join())
    for (let minute = 1; minute <= this.#options.minutes; minute++) {
      for (let second = 0; second < 60; second++) await this.#runSecond()
      this.#checkRecords()
      if (minute % 60 === 0) this.#options.onProgress?.(`${minute} of ${this.#options.minutes} minutes`)
    }
    // Let the last look-ups end.
    await clock.run(10_000)
    return this.#summary((performance.now() - started) / 1000)
  }

  async #publish(): Promise<void> {
    const { clock, random, members } = this.#simulation
    const signal = new AbortController().signal
    for (let count = 0; count < PUBLISHERS; count++) {
      const publisher = this.#simulation.make({ stay: false })
      await clock.until(this.#simulation.join(publisher, random.pick(members)))
      this.#records.push(...Array.from({ length: RECORDS_EACH }, () => this.#simulation.publish(publisher)))
    }
    await clock.until(Promise.all(this.#records.map(record => record.publication.settled(signal))))
  }

  async #runSecond(): Promise<void> {
    for (let count = 0; count < LOOKUPS_PER_SECOND; count++) void this.#lookUp()
    await this.#simulation.clock.run(1000)
    const { members } = this.#simulation
    if (hasLostAList(members)) this.#result.lostLists++
    else if (countCycles(members) !== 1) this.#result.partitions++
  }

  #join(): void {
    this.#later(this.#exponential(this.#betweenJoins), () => this.#join())
    const { random, members } = this.#simulation
    const joiner = this.#simulation.make()
    this.#result.joins++
    const joining = this.#simulation.join(joiner, random.pick(members)).catch(() => {
      this.#result.failedJoins++
      this.#simulation.network.disconnect(joiner.peerId, true)
    })
    this.#endLater(joiner, joining)
  }

  // One that dies while it joins is counted as soon as it has joined.
  #endLater(peer: SimulatedPeer, joined: Promise<void> = Promise.resolve()): void {
    const end = (): void => {
      if (!this.#simulation.find(peer.peerId) || this.#simulation.members.length < 2) return
      this.#result.deaths++
      this.#simulation.cutPower(peer)
    }
    this.#later(this.#exponential(this.#options.session * MINUTE), () => void joined.then(end))
  }

  get #betweenJoins(): number {
    return (this.#options.session * MINUTE) / this.#options.nodes
  }

  #exponential(mean: number): number {
    return -Math.log(1 - this.#simulation.random.float()) * mean
  }

  #later(delay: number, callback: () => void): void {
    this.#simulation.clock.after(delay, callback)
  }

  async #lookUp(): Promise<void> {
    const { random, members } = this.#simulation
    const asker = random.pick(members)
    const key = positionFromBytes(random.bytes(32))
    const steps = asker.node.lookup(key, { signal: new AbortController().signal })
    let dead = 0
    let owners: { members: { peerId: string }[]; hops: number } | undefined
    try {
      for (let step = await steps.next(); ; step = await steps.next()) {
        if (step.done) {
          owners = step.value
          break
        }
        if (step.value.outcome === 'failed') dead++
      }
    } catch {
      // A look-up that gives up has not found the owner.
    }
    if (this.#simulation.find(asker.peerId)) this.#note(key, dead, owners)
  }

  #note(
    key: bigint,
    dead: number,
    owners: { members: { peerId: string }[]; hops: number } | undefined
  ): void {
    const expected = this.#simulation.trueOwners(key, REPLICA_SET).map(peer => peer.peerId)
    const found = owners?.members[0]?.peerId
    this.#result.lookups++
    this.#deadContacts += dead
    this.#hops += Math.max(0, (owners?.hops ?? 0) - 1)
    if (found === expected[0]) this.#exact++
    if (found !== undefined && expected.includes(found)) this.#replicaSet++
  }

  #checkRecords(): void {
    for (const { announceKey } of this.#records) {
      const key = positionFromBytes(announceKey.dhtKey)
      const owners = this.#simulation.trueOwners(key, REPLICA_SET)
      this.#result.recordChecks++
      if (!owners.some(owner => owner.node.store.get(key).length > 0)) this.#result.recordsLost++
    }
  }

  #summary(seconds: number): ChurnResult {
    const { lookups } = this.#result
    const share = (count: number): number => Math.round((1e6 * count) / Math.max(1, lookups)) / 1e6
    const lists = this.#simulation.members.map(({ node }) => node.ring.successors.capacity)
    return {
      ...this.#result,
      successors: Math.max(...lists),
      exact: share(this.#exact),
      replicaSet: share(this.#replicaSet),
      meanHops: rounded(this.#hops / Math.max(1, lookups)),
      deadContactsPerLookup: rounded(this.#deadContacts / Math.max(1, lookups)),
      seconds: rounded(seconds),
      megabytes: Math.round(process.memoryUsage.rss() / 2 ** 20)
    }
  }
}
