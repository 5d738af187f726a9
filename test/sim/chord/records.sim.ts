import assert from 'node:assert/strict'
import type { ChordNode } from '../../../src/peer/chord/chord-node.ts'
import { PROVIDER_RECORD_TTL, REPLICAS } from '../../../src/peer/chord/constants.ts'
import { positionFromBytes } from '../../../src/peer/chord/ring-position.ts'
import type { Handlers } from '../../../src/peer/chord/rpc/protocol.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { assertStored } from './invariants.ts'
import { assertFindable, publishSome } from './published-records.ts'
import { RecordWatch } from './record-watch.ts'
import { simulatedAnnounceKey } from './simulated-keys.ts'
import { type SimulatedPeer, type SimulatedPublication, Simulation } from './simulation.ts'

const SEEDS = [1, 2, 3]
const NODES = 64
const QUIET = 120_000
const STABILISE_PERIOD = 15_000
const never = new AbortController().signal

describe('Records in a simulated ring', function () {
  this.timeout(120_000)

  for (const seed of SEEDS) {
    it(`stay when three of four holders crash between rounds (seed ${seed})`, async () => {
      await killThreeOfFour(seed, (simulation, peer) => simulation.crash(peer), STABILISE_PERIOD)
    })
  }

  // Without a broken connection a death is known after two deadlines of six seconds, the second from a round of its own.
  it('stay when three of four holders lose their power', async () => {
    await killThreeOfFour(4, (simulation, peer) => simulation.cutPower(peer), 3 * STABILISE_PERIOD)
  })

  it('stay when one of the two members dies that have acknowledged', async () => {
    const simulation = await ringOf(24, 5)
    const publisher = await clientOf(simulation)
    for (let round = 0; round < 10; round++) {
      const record = simulation.publish(publisher)
      const owners = ownersOf(simulation, record)
      const restore = owners.slice(2).map(owner => refuseToStore(owner.node))
      await simulation.clock.until(record.publication.acknowledged(never))
      const holders = owners.filter(owner => owner.node.store.get(keyOf(record)).length > 0)
      assert.equal(holders.length, 2)
      simulation.crash(simulation.random.pick(holders))
      for (const undo of restore) undo()
      assertStored(simulation, [record])
      await simulation.clock.run(2 * STABILISE_PERIOD)
      await assertFindable(simulation, [record])
      assert.ok(ownersOf(simulation, record).every(owner => owner.node.store.get(keyOf(record)).length === 1))
    }
  })

  it('come back within 15 seconds when all four holders crash at once', async () => {
    const simulation = await ringOf(12, 7)
    const [first] = await publishSome(simulation, 1)
    const holders = simulation.trueOwners(keyOf(first!), 5).filter(peer => peer !== first!.by)
    for (const holder of holders.slice(0, 4)) simulation.crash(holder)
    await simulation.clock.run(STABILISE_PERIOD)
    await assertFindable(simulation, [first!])
  })

  it('stay through a rolling restart of all nodes', async () => {
    const simulation = await ringOf(16, 8)
    const publications = await publishSome(simulation, 20, [await clientOf(simulation)])
    for (const peer of [...simulation.members]) {
      await simulation.clock.until(simulation.leave(peer))
      await simulation.clock.until(
        simulation.join(simulation.make(), simulation.random.pick(simulation.members))
      )
      await simulation.clock.run(5_000)
      assertStored(simulation, publications)
    }
  })

  it('are at four members within a stabilise period of being published', async () => {
    const simulation = await ringOf(NODES, 9)
    const publications = Array.from({ length: 30 }, () =>
      simulation.publish(simulation.random.pick(simulation.members))
    )
    await simulation.clock.run(STABILISE_PERIOD)
    for (const record of publications) {
      assert.equal(record.publication.copies, REPLICAS)
      for (const owner of ownersOf(simulation, record))
        assert.equal(owner.node.store.get(keyOf(record)).length, 1)
    }
  })

  it('cost as many requests for 2,048 chunks as for one', async () => {
    const requests = []
    for (const chunks of [1, 2048]) {
      const simulation = await ringOf(24, 10)
      const before = requestsOf(simulation)
      const { publisher } = simulation.members[3]!.node
      const announceKey = simulatedAnnounceKey(simulation.random)
      const publication = publisher.publish({ announceKey, chunkCount: chunks, ranges: [[0, chunks]] })
      await simulation.clock.until(publication.settled(never))
      requests.push(requestsOf(simulation) - before)
    }
    assert.equal(requests[1], requests[0])
  })

  it('expire everywhere, half an hour after their publisher died', async () => {
    const simulation = await ringOf(16, 11)
    const publisher = await clientOf(simulation)
    const publications = await publishSome(simulation, 5, [publisher])
    const watch = new RecordWatch(simulation)
    watch.check()
    simulation.cutPower(publisher)
    for (let elapsed = 0; elapsed < PROVIDER_RECORD_TTL; elapsed += 60_000) {
      assertStored(simulation, publications)
      if (elapsed % 600_000 === 0) simulation.crash(simulation.random.pick(simulation.members))
      await simulation.clock.run(60_000)
      watch.check()
    }
    for (const record of publications) {
      assert.ok(simulation.members.every(({ node }) => node.store.get(keyOf(record)).length === 0))
    }
  })
})

async function ringOf(count: number, seed: number): Promise<Simulation> {
  const simulation = new Simulation({ seed })
  await simulation.grow(count)
  await simulation.clock.run(QUIET)
  return simulation
}

async function clientOf(simulation: Simulation): Promise<SimulatedPeer> {
  const client = simulation.make({ stay: false })
  await simulation.clock.until(simulation.join(client, simulation.peers[0]))
  return client
}

async function killThreeOfFour(
  seed: number,
  kill: (simulation: Simulation, peer: SimulatedPeer) => void,
  pause: number
): Promise<void> {
  const simulation = await ringOf(NODES, seed)
  const publications = await publishSome(simulation, 40)
  for (let round = 0; round < 6; round++) {
    const owners = ownersOf(simulation, simulation.random.pick(publications))
    owners.splice(simulation.random.below(4), 1)
    for (const owner of owners) kill(simulation, owner)
    assertStored(simulation, publications)
    await simulation.clock.run(pause)
    assertStored(simulation, publications)
  }
  await simulation.clock.run(QUIET)
  await assertFindable(simulation, publications)
}

/** Until the returned function is called. */
function refuseToStore(node: ChordNode): () => void {
  const handlers = node.handlers as Handlers
  const { store } = handlers
  handlers.store = () => {
    throw new PeerError('BUSY', 'Not now.')
  }
  return () => {
    handlers.store = store
  }
}

function keyOf({ announceKey }: SimulatedPublication): bigint {
  return positionFromBytes(announceKey.dhtKey)
}

function ownersOf(simulation: Simulation, record: SimulatedPublication): SimulatedPeer[] {
  return simulation.trueOwners(keyOf(record), REPLICAS)
}

function requestsOf(simulation: Simulation): number {
  return [...simulation.network.sent.values()].reduce((sum, count) => sum + count, 0)
}
