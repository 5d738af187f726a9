import assert from 'node:assert/strict'
import { positionFromBytes } from '../../../src/peer/chord/ring-position.ts'
import type { SimulatedPublication, Simulation } from './simulation.ts'

/** Publishes so many records, by random publishers, and waits until each has its four copies. */
export async function publishSome(
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

/** Each of these whose publisher lives is found from a random member. */
export async function assertFindable(
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
