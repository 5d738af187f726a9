import assert from 'node:assert/strict'
import { distance, positionFromBytes } from '../../../src/peer/chord/ring-position.ts'
import type { SimulatedPeer, SimulatedPublication, Simulation } from './simulation.ts'

/**
 * What holds after every step while no list has lost all its entries (Zave 2017).
 * @param isFounded whether the ring has once settled with more than r + 1 members, from when on I2 is asserted too
 */
export function assertAlways(simulation: Simulation, isFounded: boolean): void {
  const members = simulation.members
  if (members.length === 0) return
  const live = new Map(members.map(member => [member.peerId, member]))
  for (const member of members) assertWellFormed(member)
  if (members.length > 1) assertOneCycle(members, live)
  if (isFounded) assertPrincipals(members)
}

/** I4 and I10: strictly clockwise, without itself and without duplicates, bounded. */
function assertWellFormed({ node, peerId }: SimulatedPeer): void {
  const { successors, position } = node.ring
  let reached = 0n
  for (const entry of successors.entries) {
    const span = distance(position, entry.position)
    assert.ok(span > reached, `I4: the successor list of ${peerId} is out of order`)
    reached = span
  }
  assert.ok(successors.entries.length <= successors.capacity, `I10: the list of ${peerId} is too long`)
  assert.ok(node.ring.fingers.all().length <= 256 * 16, `I10: ${peerId} has too many fingers`)
}

/** I1, I3 and I5: every member has a live successor, and following the first live ones from anywhere ends in one cycle. */
function assertOneCycle(members: readonly SimulatedPeer[], live: Map<string, SimulatedPeer>): void {
  const walkOf = new Map<string, number>()
  let cycles = 0
  members.forEach((start, walk) => {
    let current = start
    while (!walkOf.has(current.peerId)) {
      walkOf.set(current.peerId, walk)
      current = firstLiveSuccessor(current, live)
    }
    // Coming back to what this same walk has passed closes a cycle that no walk before had found.
    if (walkOf.get(current.peerId) === walk) cycles++
  })
  assert.equal(cycles, 1, `I3: the ring fell into ${cycles} cycles`)
}

function firstLiveSuccessor(member: SimulatedPeer, live: Map<string, SimulatedPeer>): SimulatedPeer {
  const entries = member.node.ring.successors.entries
  const successor = entries.map(entry => live.get(entry.peerId)).find(peer => peer !== undefined)
  // The first peer of a ring is its own successor until the second has told it.
  if (!successor) assert.equal(entries.length, 0, `I1: ${member.peerId} has only dead successors`)
  return successor ?? member
}

/** I2: at least r + 1 members are skipped by nobody's extended list. */
function assertPrincipals(members: readonly SimulatedPeer[]): void {
  const r = members[0]!.node.ring.successors.capacity
  const skipped = new Set<number>()
  members.forEach((member, index) => {
    // Members in the order of the ring from this one on: each entry should be the next of them.
    let expected = 1
    for (const entry of member.node.ring.successors.entries) {
      const span = distance(member.position, entry.position)
      for (; expected < members.length; expected++) {
        const at = (index + expected) % members.length
        if (distance(member.position, members[at]!.position) >= span) break
        skipped.add(at)
      }
      if (members[(index + expected) % members.length]?.peerId === entry.peerId) expected++
    }
  })
  const principals = members.length - skipped.size
  assert.ok(principals >= r + 1, `I2: only ${principals} principals`)
}

/** I6: every list and predecessor is exact. */
export function assertIdeal(simulation: Simulation): void {
  const members = simulation.members
  members.forEach((member, index) => {
    const { successors, predecessor } = member.node.ring
    const others = [...members.slice(index + 1), ...members.slice(0, index)]
    const expected = others.slice(0, successors.capacity).map(other => other.peerId)
    const actual = successors.entries.map(entry => entry.peerId)
    assert.deepEqual(actual, expected, `I6: the successors of ${member.peerId}`)
    assert.equal(predecessor?.peerId, others.at(-1)?.peerId, `I6: the predecessor of ${member.peerId}`)
  })
}

/** I7: each of these records is at its owner or one of the next three members. */
export function assertStored(simulation: Simulation, publications: readonly SimulatedPublication[]): void {
  for (const { announceKey } of publications) {
    const key = positionFromBytes(announceKey.dhtKey)
    const owners = simulation.trueOwners(key, 4)
    const holders = owners.filter(owner => owner.node.store.get(key).length > 0)
    assert.ok(holders.length > 0, 'I7: a record is lost')
  }
}
