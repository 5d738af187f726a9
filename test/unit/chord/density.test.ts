import assert from 'node:assert/strict'
import type { Contact } from '../../../src/peer/chord/contact.ts'
import { Density } from '../../../src/peer/chord/density.ts'
import { contactAt } from './ring-of-contacts.ts'

const RING = 2n ** 256n

/** Members `gap` apart, in shares of the ring, the first one gap behind `from`. */
function evenly(from: bigint, gap: number, count: number): Contact[] {
  const step = (RING / 1_000_000n) * BigInt(Math.round(gap * 1_000_000))
  return Array.from({ length: count }, (_, index) => contactAt((from + step * BigInt(index + 1)) % RING))
}

describe('Density', () => {
  it('tells the size of a ring from the lists of its members, whatever a few of them say', () => {
    const density = new Density('self')
    for (let peer = 0; peer < 7; peer++) density.observe(`honest-${peer}`, 0n, evenly(0n, 1 / 250, 8))
    for (let peer = 0; peer < 3; peer++) density.observe(`liar-${peer}`, 0n, evenly(0n, 1 / 20, 8))
    assert.ok(Math.abs((density.members ?? 0) - 250) < 15, `${density.members}`)
  })

  it('knows nothing before it heard a list, and forgets with the peer that told it', () => {
    const density = new Density('self')
    assert.equal(density.members, undefined)
    assert.ok(density.isPlausible(0n, evenly(0n, 0.4, 2)))
    density.observe('one', 0n, evenly(0n, 1 / 100, 8))
    density.observe('short', 0n, evenly(0n, 1 / 100, 2))
    density.forget('one')
    assert.equal(density.members, undefined)
  })

  it('doubts owners between whom and the key many others ought to stand', () => {
    const density = new Density('self')
    density.observe('one', 0n, evenly(0n, 1 / 250, 8))
    assert.ok(density.isPlausible(7n, evenly(7n, 1 / 250, 8)))
    assert.ok(density.isPlausible(7n, evenly(7n, 2 / 250, 8)))
    assert.ok(!density.isPlausible(7n, evenly(7n, 5 / 250, 8)))
    assert.ok(!density.isPlausible(7n, evenly(7n, 12 / 250, 1)))
  })

  it('doubts sooner where there are others to ask: who names only each other leaves wider gaps', () => {
    const density = new Density('self')
    density.observe('one', 0n, evenly(0n, 1 / 250, 8))
    assert.ok(density.isLikely(7n, evenly(7n, 1 / 250, 8)))
    assert.ok(density.isPlausible(7n, evenly(7n, 2.5 / 250, 8)))
    assert.ok(!density.isLikely(7n, evenly(7n, 2.5 / 250, 8)))
  })

  it('is not talked into a sparser ring than this peer sees itself', () => {
    const density = new Density('self')
    density.observe('self', 0n, evenly(0n, 1 / 250, 8))
    for (let peer = 0; peer < 9; peer++) density.observe(`liar-${peer}`, 0n, evenly(0n, 1 / 20, 8))
    assert.ok(!density.isPlausible(7n, evenly(7n, 5 / 250, 8)))
  })
})
