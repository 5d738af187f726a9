import assert from 'node:assert/strict'
import { SUCCESSORS } from '../../../src/peer/chord/constants.ts'
import type { SimulatedPeer, Simulation } from './simulation.ts'

/** How much a ring grows with each batch of joiners. */
const GROWTH = 1.5
/** Milliseconds between two batches: a few rounds, so that joiners find their places. */
const BETWEEN_BATCHES = 15_000
/** Milliseconds until the fingers are found: each round looks two of some ten intervals up, every 5 s after a join. */
const SETTLING = 60_000
/** How often a ring that is not ideal yet is given as long again. */
const PATIENCE = 5
const ALONE_UNTIL = 8

/**
 * Makes a ring of `nodes` members that all joined by the protocol, through random members, a growing batch at a time, and lets it
 * settle until every list is exact. Fingers are what its rounds and look-ups have found.
 */
export async function buildRing(
  simulation: Simulation,
  nodes: number,
  onProgress?: (members: number) => void
): Promise<void> {
  await simulation.grow(Math.min(nodes, ALONE_UNTIL))
  while (simulation.peers.length < nodes) {
    const room = Math.ceil(simulation.peers.length * (GROWTH - 1))
    await joinTogether(simulation, Math.min(nodes - simulation.peers.length, room))
    await simulation.clock.run(BETWEEN_BATCHES)
    onProgress?.(simulation.peers.length)
  }
  await settle(simulation)
}

async function joinTogether(simulation: Simulation, count: number): Promise<void> {
  const { clock, random, members } = simulation
  const joins = Array.from({ length: count }, () => simulation.join(simulation.make(), random.pick(members)))
  await clock.until(Promise.all(joins))
}

async function settle(simulation: Simulation): Promise<void> {
  for (let tries = 1; ; tries++) {
    await simulation.clock.run(SETTLING)
    try {
      assertSettled(simulation.members, simulation.peers.length)
      return
    } catch (error) {
      if (tries === PATIENCE) throw error
    }
  }
}

// Where members disagree whether the ring is large, the longer lists are as long as the shorter ones of their neighbours allow.
function assertSettled(members: readonly SimulatedPeer[], expected: number): void {
  assert.equal(members.length, expected, 'a peer stayed a client')
  members.forEach(({ node, peerId }, index) => {
    const { entries, capacity } = node.ring.successors
    const truth = entries.map((_, step) => members[(index + 1 + step) % members.length])
    const isExact = entries.every((entry, step) => entry.peerId === truth[step]?.peerId)
    assert.ok(isExact, `the successors of ${peerId} are not exact`)
    assert.ok(
      entries.length >= Math.min(capacity, SUCCESSORS, expected - 1),
      `the list of ${peerId} is short`
    )
    assert.equal(node.ring.predecessor?.peerId, members.at(index - 1)?.peerId, `the predecessor of ${peerId}`)
  })
}
