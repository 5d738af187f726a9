import assert from 'node:assert/strict'
import { positionFromBytes } from '../../../src/peer/chord/ring-position.ts'
import { assertAlways, assertIdeal, assertStored } from './invariants.ts'
import { type SimulatedPublication, Simulation } from './simulation.ts'

const SEEDS = [1, 2, 3, 4, 5, 6]
const NODES = 64
/** Members with which a ring is founded, before I2 can hold. */
const FOUNDERS = 12
const QUIET = 120_000

describe('Simulated ring', function () {
  this.timeout(120_000)

  for (const seed of SEEDS) {
    it(`keeps its invariants through joins, crashes and leaves (seed ${seed})`, async () => {
      const simulation = new Simulation({ seed })
      await simulation.grow(FOUNDERS, checker(simulation, false))
      await simulation.clock.run(QUIET, checker(simulation, false))
      const check = checker(simulation, true)
      await simulation.grow(NODES, check)
      await simulation.clock.run(QUIET, check)
      assertIdeal(simulation)
      for (let step = 0; step < 24; step++) {
        await perturb(simulation, check)
        await simulation.clock.run(simulation.random.float() * 8_000, check)
      }
      await simulation.clock.run(QUIET, check)
      assertIdeal(simulation)
      await assertLookups(simulation)
    })
  }

  for (const seed of SEEDS.slice(0, 3)) {
    it(`keeps settled records when three of four holders die (seed ${seed})`, async () => {
      const simulation = new Simulation({ seed })
      await simulation.grow(NODES)
      await simulation.clock.run(QUIET)
      const publications = await publishSome(simulation, 40)
      for (let round = 0; round < 6; round++) {
        const { announceKey } = simulation.random.pick(publications)
        const owners = simulation.trueOwners(positionFromBytes(announceKey.dhtKey), 4)
        owners.splice(simulation.random.below(4), 1)
        for (const owner of owners) simulation.crash(owner)
        assertStored(simulation, publications)
        await simulation.clock.run(15_000)
        assertStored(simulation, publications)
      }
      await simulation.clock.run(QUIET)
      await assertFindable(simulation, publications)
    })
  }

  it('puts records back whose four holders died at once, within 15 seconds', async () => {
    const simulation = new Simulation({ seed: 7 })
    await simulation.grow(12)
    await simulation.clock.run(QUIET)
    const [first] = await publishSome(simulation, 1)
    const key = positionFromBytes(first!.announceKey.dhtKey)
    const holders = simulation.trueOwners(key, 5).filter(peer => peer !== first!.by)
    for (const holder of holders.slice(0, 4)) simulation.crash(holder)
    await simulation.clock.run(15_000)
    await assertFindable(simulation, [first!])
  })

  it('loses no record in a rolling restart of all nodes', async () => {
    const simulation = new Simulation({ seed: 8 })
    await simulation.grow(16)
    await simulation.clock.run(QUIET)
    const publisher = simulation.make({ stay: false })
    await simulation.clock.until(simulation.join(publisher, simulation.peers[0]))
    const publications = await publishSome(simulation, 20, [publisher])
    for (const peer of [...simulation.members]) {
      await simulation.clock.until(simulation.leave(peer))
      await simulation.clock.until(
        simulation.join(simulation.make(), simulation.random.pick(simulation.members))
      )
      await simulation.clock.run(5_000)
      assertStored(simulation, publications)
    }
  })

  it('becomes one ring again after a partition heals', async () => {
    const simulation = new Simulation({ seed: 9 })
    await simulation.grow(20)
    await simulation.clock.run(QUIET)
    const left = new Set(simulation.peers.slice(0, 9).map(peer => peer.peerId))
    simulation.network.partition(peerId => (left.has(peerId) ? 1 : 2))
    await simulation.clock.run(180_000)
    simulation.network.heal()
    await simulation.clock.run(300_000)
    assertIdeal(simulation)
  })

  it('merges two rings of twenty that meet within a minute', async () => {
    const simulation = new Simulation({ seed: 10 })
    await simulation.grow(20)
    const strangers = []
    for (let count = 0; count < 20; count++) {
      const peer = simulation.make()
      const through = strangers.length > 0 ? simulation.random.pick(strangers) : undefined
      await simulation.clock.until(simulation.join(peer, through))
      strangers.push(peer)
    }
    await simulation.clock.run(QUIET)
    const signal = new AbortController().signal
    await simulation.clock.until(simulation.peers[0]!.node.meet(simulation.contact(strangers[0]!), signal))
    await simulation.clock.run(60_000)
    assertIdeal(simulation)
  })

  it('holds together while messages are late, lost and really encoded', async () => {
    const simulation = new Simulation({
      seed: 12,
      faults: { delay: [10, 400], drop: 0.01, throughCodec: true }
    })
    await simulation.grow(24)
    const publications = await publishSome(simulation, 10)
    await simulation.clock.run(QUIET)
    simulation.network.faults.drop = 0
    await simulation.clock.run(QUIET)
    assertIdeal(simulation)
    await assertFindable(simulation, publications)
  })

  it('gives the same run for the same seed', async () => {
    const runs = []
    for (let run = 0; run < 2; run++) {
      const simulation = new Simulation({ seed: 13 })
      await simulation.grow(16)
      await simulation.clock.run(60_000)
      runs.push(
        [...simulation.network.sent],
        simulation.members.map(member => member.node.snapshot())
      )
    }
    assert.deepEqual(runs.slice(2), runs.slice(0, 2))
  })
})

function checker(simulation: Simulation, isFounded: boolean): () => void {
  return () => {
    if (!simulation.isChanged) return
    simulation.isChanged = false
    assertAlways(simulation, isFounded)
  }
}

// Never more than three deaths at once, so that no list of eight loses all its entries.
async function perturb(simulation: Simulation, check: () => void): Promise<void> {
  const { random, clock } = simulation
  const kind = random.below(3)
  if (kind === 0) {
    for (let deaths = 1 + random.below(3); deaths > 0; deaths--)
      simulation.crash(random.pick(simulation.members))
  } else if (kind === 1) {
    await clock.until(simulation.leave(random.pick(simulation.members)), check)
  } else {
    await clock.until(simulation.join(simulation.make(), random.pick(simulation.members)), check)
  }
}

async function publishSome(
  simulation: Simulation,
  count: number,
  publishers = simulation.members
): Promise<SimulatedPublication[]> {
  const signal = new AbortController().signal
  const publications = Array.from({ length: count }, () =>
    simulation.publish(simulation.random.pick(publishers))
  )
  await simulation.clock.until(
    Promise.all(publications.map(({ publication }) => publication.settled(signal)))
  )
  return publications
}

async function assertFindable(
  simulation: Simulation,
  publications: readonly SimulatedPublication[]
): Promise<void> {
  const signal = new AbortController().signal
  for (const { announceKey, by } of publications) {
    if (!simulation.peers.includes(by)) continue
    const asker = simulation.random.pick(simulation.members)
    const found = asker.node.findProviders(positionFromBytes(announceKey.dhtKey), { signal })
    const records = await simulation.clock.until(found)
    assert.deepEqual(
      records.map(record => record.provider.toString()),
      [by.peerId]
    )
  }
}

async function assertLookups(simulation: Simulation): Promise<void> {
  const signal = new AbortController().signal
  let hops = 0
  const lookups = 200
  for (let count = 0; count < lookups; count++) {
    const key = positionFromBytes(simulation.random.bytes(32))
    const asker = simulation.random.pick(simulation.members)
    const owners = await simulation.clock.until(asker.node.owners(key, { signal }))
    assert.equal(owners.members[0]?.peerId, simulation.trueOwners(key, 1)[0]?.peerId)
    hops += owners.hops
  }
  const bound = Math.log2(simulation.members.length) / 2 + 0.8
  assert.ok(hops / lookups <= bound, `mean hops ${hops / lookups}, at most ${bound}`)
}
