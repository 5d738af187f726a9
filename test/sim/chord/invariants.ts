import assert from 'node:assert/strict'
import { FINGER_CANDIDATES, LOST_CONTACTS, RING_BITS } from '../../../src/peer/chord/constants.ts'
import { distance, intervalOf, positionFromBytes } from '../../../src/peer/chord/ring-position.ts'
import { placeOf, placesOf, spanBetween } from './ring-places.ts'
import type { SimulatedPeer, SimulatedPublication, Simulation } from './simulation.ts'

const MAX_FINGERS = RING_BITS * FINGER_CANDIDATES

/**
 * What holds after every step while no list has lost all its entries (Zave 2017).
 * @param isFounded whether the ring has once settled with more than r + 1 members, from when on I2 is asserted too
 */
export function assertAlways(simulation: Simulation, isFounded: boolean): void {
  const members = simulation.members
  for (const peer of simulation.peers) assertWellFormed(peer)
  assertRing(members, isFounded)
  assertAppendages(simulation.peers)
}

/** I1, I2, I3 and I5 among the members of one ring, or of one side of a partition, in the order of the ring. */
export function assertRing(members: readonly SimulatedPeer[], isFounded: boolean): void {
  if (members.length < 2) return
  assertOneCycle(members)
  const r = members[0]?.node.ring.successors.capacity ?? 0
  if (isFounded && members.length > r) assertPrincipals(members, r)
}

/** I4 and I10: strictly clockwise, without itself and without duplicates, all that it holds within bounds. */
export function assertWellFormed({ node, peerId, position }: SimulatedPeer): void {
  const { successors, fingers } = node.ring
  const self = placeOf(position)
  let reached = 0
  for (const place of placesOf(successors.entries)) {
    const span = spanBetween(self, place)
    assert.ok(span > reached, `I4: the successor list of ${peerId} is out of order`)
    reached = span
  }
  assert.ok(successors.entries.length <= successors.capacity, `I10: the list of ${peerId} is too long`)
  assert.ok(fingers.size <= MAX_FINGERS, `I10: ${peerId} has too many fingers`)
  assert.ok(node.network.lost().length <= LOST_CONTACTS, `I10: ${peerId} remembers too many lost peers`)
}

/** Whether some member's list names others, but no live one: Zave's assumption is broken then, and so may be the ring. */
export function hasLostAList(members: readonly SimulatedPeer[]): boolean {
  const live = new Set(members.map(member => member.peerId))
  return members.some(({ node }) => {
    const { entries } = node.ring.successors
    return entries.length > 0 && !entries.some(entry => live.has(entry.peerId))
  })
}

/** I1, I3 and I5: every member has a live successor, and following the first live ones from anywhere ends in one cycle. */
function assertOneCycle(members: readonly SimulatedPeer[]): void {
  const cycles = countCycles(members)
  assert.equal(cycles, 1, `I3: the ring fell into ${cycles} cycles`)
}

/** How many separate rings the first live successors of these members make. */
export function countCycles(members: readonly SimulatedPeer[]): number {
  const indexOf = new Map(members.map((member, index) => [member.peerId, index]))
  const walkOf = new Int32Array(members.length).fill(-1)
  let cycles = 0
  members.forEach((_, walk) => {
    let current = walk
    while (walkOf[current] === -1) {
      walkOf[current] = walk
      current = firstLiveSuccessor(members[current]!, indexOf) ?? current
    }
    // Coming back to what this same walk has passed closes a cycle that no walk before had found.
    if (walkOf[current] === walk) cycles++
  })
  return cycles
}

// Undefined for the first peer of a ring, which has none until the second has told it.
function firstLiveSuccessor(member: SimulatedPeer, indexOf: Map<string, number>): number | undefined {
  const { entries } = member.node.ring.successors
  for (const entry of entries) {
    const index = indexOf.get(entry.peerId)
    if (index !== undefined) return index
  }
  assert.equal(entries.length, 0, `I1: ${member.peerId} has only dead successors`)
  return undefined
}

/** I2: at least r + 1 members are skipped by nobody's extended list. */
function assertPrincipals(members: readonly SimulatedPeer[], r: number): void {
  const places = members.map(member => placeOf(member.position))
  const skipped = new Uint8Array(members.length)
  members.forEach((member, index) => {
    // Members in the order of the ring from this one on: each entry should be the next of them.
    let next = index + 1
    for (const place of placesOf(member.node.ring.successors.entries)) {
      const span = spanBetween(places[index]!, place)
      for (; next < index + members.length; next++) {
        const reached = spanBetween(places[index]!, places[next % members.length]!)
        if (reached === span) next++
        if (reached >= span) break
        skipped[next % members.length] = 1
      }
    }
  })
  const principals = members.length - skipped.reduce((sum, one) => sum + one, 0)
  assert.ok(principals >= r + 1, `I2: only ${principals} principals`)
}

/** I5: who has joined without being a member, or not yet, knows a live member to go through. */
function assertAppendages(peers: readonly SimulatedPeer[]): void {
  if (peers.length < 2) return
  let live: Set<string> | undefined
  for (const { node, peerId } of peers) {
    if (node.ring.isMember || !node.isJoined) continue
    live ??= new Set(peers.filter(peer => peer.node.ring.isMember).map(peer => peer.peerId))
    const known = node.ring.successors.entries.some(entry => live?.has(entry.peerId))
    assert.ok(known, `I5: ${peerId} has joined and knows no live member`)
  }
}

/** I6, and the length that I4 asks for: every list and predecessor is exact. */
export function assertIdeal(simulation: Simulation): void {
  assertIdealRing(simulation.members)
}

/** As `assertIdeal`, for one side of a partition: members in the order of the ring. */
export function assertIdealRing(members: readonly SimulatedPeer[]): void {
  members.forEach((member, index) => {
    const { successors, predecessor } = member.node.ring
    const others = [...members.slice(index + 1), ...members.slice(0, index)]
    const expected = others.slice(0, successors.capacity).map(other => other.peerId)
    const actual = successors.entries.map(entry => entry.peerId)
    assert.deepEqual(actual, expected, `I6: the successors of ${member.peerId}`)
    assert.equal(predecessor?.peerId, others.at(-1)?.peerId, `I6: the predecessor of ${member.peerId}`)
  })
}

/** Whether an assertion holds by now. */
export function holds(assertion: () => void): boolean {
  try {
    assertion()
    return true
  } catch (error) {
    if (error instanceof assert.AssertionError) return false
    throw error
  }
}

/** I6 for fingers: whoever stands in an interval of a member's table, that member knows a live one there. */
export function assertFingersExact(simulation: Simulation): void {
  const { members } = simulation
  const live = new Set(members.map(member => member.peerId))
  for (const { node, peerId, position } of members) {
    const interval = (other: bigint): number => intervalOf(distance(position, other))
    const known = node.ring.fingers.all().filter(finger => live.has(finger.peerId))
    const covered = new Set(known.map(finger => interval(finger.position)))
    for (const other of members) {
      if (other.peerId === peerId) continue
      const exponent = interval(other.position)
      assert.ok(
        covered.has(exponent),
        `I6: ${peerId} has no live finger between 2^${exponent} and twice that`
      )
    }
  }
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
