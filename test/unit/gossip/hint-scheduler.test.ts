import assert from 'node:assert/strict'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { type Hint, MAX_HINT_RANGES } from '../../../src/peer/gossip/hint.ts'
import { HintScheduler } from '../../../src/peer/gossip/hint-scheduler.ts'
import { seededRandom } from '../download/seeded-random.ts'
import { VirtualClock } from '../exchange/virtual-clock.ts'

describe('The scheduler of hints', () => {
  let clock: VirtualClock
  let have: Bitfield | undefined
  let sent: { at: number; hint: Hint }[]
  let scheduler: HintScheduler
  let authors: number

  beforeEach(async () => {
    clock = new VirtualClock()
    await clock.advance(1_000_000)
    have = new Bitfield(100)
    sent = []
    authors = 3
    scheduler = new HintScheduler({
      clock,
      random: seededRandom(1),
      have: () => have,
      addresses: () => [],
      load: () => ({ active: 1, limit: 50 }),
      authors: () => authors,
      publish: hint => sent.push({ at: clock.monotonic(), hint })
    })
  })

  function gain(...indices: number[]): void {
    for (const index of indices) have?.add(index)
    scheduler.gained()
  }

  const last = (): Hint => sent.at(-1)!.hint

  it('tells the first chunk at once, and what came since every 2 s', async () => {
    gain(3)
    assert.deepEqual(last().ranges, [[3, 4]])
    for (const index of [4, 5, 20]) {
      await clock.advance(100)
      gain(index)
    }
    assert.equal(sent.length, 1)
    await clock.advance(2_000)
    assert.equal(sent.length, 2)
    assert.deepEqual(last().ranges, [
      [4, 6],
      [20, 21]
    ])
    assert.equal(last().have, 4)
  })

  it('never speaks more than once in 2 s, but for completion, and has told everything by then', async () => {
    for (let index = 0; index < 100; index++) {
      gain(index)
      await clock.advance(100)
    }
    const gaps = sent.slice(1, -1).map(({ at }, position) => at - sent[position]!.at)
    assert.ok(
      gaps.every(gap => gap >= 2_000),
      String(gaps)
    )
    const told = new Bitfield(100)
    for (const { hint } of sent) {
      for (const [start, end] of hint.ranges) for (let at = start; at < end; at++) assert.ok(told.add(at))
    }
    assert.ok(told.isFull)
  })

  it('speaks less often where many do', async () => {
    authors = 50
    for (let index = 0; index < 100; index++) {
      gain(index)
      await clock.advance(300)
    }
    assert.equal(sent.length, 4, 'the first, each 10 s, and the last')
  })

  it('tells of the last chunk at once', async () => {
    gain(...Array.from({ length: 99 }, (_, at) => at))
    await clock.advance(500)
    gain(99)
    assert.equal(sent.length, 2)
    assert.equal(last().have, 100)
    assert.deepEqual(last().ranges, [[99, 100]])
  })

  it('keeps silent when there is nothing new', async () => {
    gain(1)
    await clock.advance(10_000)
    scheduler.gained()
    await clock.advance(10_000)
    assert.equal(sent.length, 1)
  })

  it('tells more ranges than fit in one hint one after another', async () => {
    have = new Bitfield(1_000)
    gain(...Array.from({ length: MAX_HINT_RANGES + 10 }, (_, at) => at * 3))
    assert.equal(last().ranges.length, MAX_HINT_RANGES)
    await clock.advance(2_000)
    assert.equal(last().ranges.length, 10)
  })

  it('tells a newcomer everything, soon', async () => {
    gain(1, 2, 3)
    await clock.advance(5_000)
    scheduler.joined()
    await clock.advance(500)
    assert.equal(sent.length, 2)
    assert.deepEqual(last().ranges, [[1, 4]])
  })

  it('answers questions about what it has, within half a second, and no others', async () => {
    gain(1, 2, 3)
    await clock.advance(5_000)
    scheduler.asked([[50, 60]])
    await clock.advance(3_000)
    assert.equal(sent.length, 1)
    scheduler.asked([[2, 9]])
    await clock.advance(500)
    assert.deepEqual(last().ranges, [[2, 4]])
    scheduler.asked([])
    await clock.advance(2_000)
    assert.deepEqual(last().ranges, [[1, 4]])
  })

  it('answers many askers with one hint', async () => {
    gain(1, 2, 3)
    await clock.advance(5_000)
    for (let asker = 0; asker < 50; asker++) scheduler.asked([[1, 4]])
    await clock.advance(1_900)
    assert.equal(sent.length, 2)
  })

  it('asks once, and again when somebody joins within 10 s', async () => {
    scheduler.ask([[7, 9]])
    assert.deepEqual(last().wanted, [[7, 9]])
    await clock.advance(3_000)
    assert.equal(sent.length, 1)
    scheduler.joined()
    await clock.advance(500)
    assert.deepEqual(last().wanted, [[7, 9]])
    await clock.advance(10_000)
    scheduler.joined()
    await clock.advance(3_000)
    assert.equal(sent.length, 2)
  })

  it('asks for anything while it does not know which chunks there are', () => {
    have = undefined
    scheduler.ask([])
    assert.deepEqual(last().wanted, [])
    assert.equal(last().count, 0)
  })

  it('says good-bye at once, unless it never spoke', async () => {
    scheduler.leave()
    assert.equal(sent.length, 0)
    gain(1)
    gain(2)
    scheduler.leave()
    assert.equal(last().leaving, true)
    await clock.advance(10_000)
    assert.equal(sent.length, 2, 'and is silent from then on')
  })

  it('counts on when the clock is set back', async () => {
    gain(1)
    const first = last().sequence
    clock.now = () => 5
    await clock.advance(5_000)
    gain(2)
    assert.equal(last().sequence, first + 1)
  })
})
