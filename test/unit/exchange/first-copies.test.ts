import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { type CopyReceiver, FirstCopies } from '../../../src/peer/exchange/first-copies.ts'
import { seededRandom } from '../download/seeded-random.ts'
import { VirtualClock } from './virtual-clock.ts'

const SEED = 20_261_127

/** A receiver that asks for what it is offered, when the test says so. */
class Receiver implements CopyReceiver {
  readonly held = new Set<number>()
  /** Offered, and not asked for yet. */
  open: number[] = []
  /** All that it was ever offered. */
  readonly offered: number[] = []
  isFree = true
  readonly #copies: FirstCopies

  constructor(copies: FirstCopies, held: readonly number[] = []) {
    this.#copies = copies
    for (const index of held) this.held.add(index)
    copies.enter(this)
    if (held.length > 0) copies.gained(this, held)
  }

  offer(indices: readonly number[]): void {
    this.isFree = false
    this.open.push(...indices)
    this.offered.push(...indices)
  }

  offerAll(): void {
    this.isFree = true
  }

  /** Asks for one offered chunk, which comes at once. */
  fetchOffered(): number | undefined {
    const index = this.open.shift()
    if (index === undefined) return undefined
    this.#copies.wanted(this, index)
    this.gain(index)
    return index
  }

  gain(index: number): void {
    this.held.add(index)
    this.#copies.gained(this, [index])
  }

  leave(): void {
    this.#copies.leave(this)
  }
}

function setUp(count: number, seed = 1): { clock: VirtualClock; copies: FirstCopies } {
  const clock = new VirtualClock()
  return { clock, copies: new FirstCopies({ count, clock, random: seededRandom(seed) }) }
}

describe('first copies', () => {
  it('leave a lone receiver free', () => {
    const { copies } = setUp(10)
    const alone = new Receiver(copies)
    assert.equal(alone.isFree, true)
    alone.gain(3)
    assert.deepEqual(alone.offered, [])
  })

  it('go to one receiver each, as fast as each asks', () => {
    const { copies } = setUp(100)
    const quick = new Receiver(copies)
    const slow = new Receiver(copies)
    for (let turn = 0; turn < 200; turn++) {
      quick.fetchOffered()
      if (turn % 4 === 0) slow.fetchOffered()
    }
    const all = [...quick.offered, ...slow.offered]
    assert.equal(all.length, 100)
    assert.equal(new Set(all).size, 100, 'no chunk was offered twice')
    assert.ok(quick.offered.length > 3 * slow.offered.length, `${quick.offered.length} to the quick one`)
  })

  it('are not hoarded: who holds nothing yet is offered few, and nobody more than its part', () => {
    const { copies } = setUp(64)
    const crowd = Array.from({ length: 8 }, () => new Receiver(copies))
    const [first] = crowd
    while (first?.open[0] !== undefined) copies.wanted(first, first.open.shift() ?? 0)
    assert.equal(first?.offered.length, 4)
    for (const receiver of crowd.slice(1)) assert.ok(receiver.offered.length >= 4, 'the others have theirs')
  })

  it('come first: who comes while they are on their way gets what the others have', async () => {
    const { clock, copies } = setUp(64)
    const early = Array.from({ length: 16 }, () => new Receiver(copies))
    const late = new Receiver(copies)
    assert.deepEqual([late.offered, late.isFree], [[], false])
    for (const receiver of early.slice(0, 15)) receiver.fetchOffered()
    copies.sent()
    await clock.advance(3_000)
    assert.deepEqual(late.offered, [], 'the others have little yet')
  })

  it('are out: a newcomer is free soon, however busy the holder is with other chunks', async () => {
    const { clock, copies } = setUp(8)
    const early = [new Receiver(copies), new Receiver(copies)]
    const late = new Receiver(copies)
    assert.equal(late.isFree, false)
    for (const receiver of early) while (receiver.fetchOffered() !== undefined);
    for (let elapsed = 0; elapsed < 3_000; elapsed += 250) {
      copies.sent()
      await clock.advance(250)
    }
    assert.equal(late.isFree, true)
  })

  it('are not all that a newcomer gets who reaches none of the others', async () => {
    const { clock, copies } = setUp(64)
    const early = Array.from({ length: 16 }, () => new Receiver(copies))
    const [late, lucky] = [new Receiver(copies), new Receiver(copies)]
    for (const receiver of early) receiver.fetchOffered()
    lucky.gain(early[0]?.offered[0] ?? 0)
    for (let elapsed = 0; elapsed < 3_000; elapsed += 250) {
      copies.sent()
      await clock.advance(250)
    }
    assert.deepEqual([late.offered.length, late.isFree], [2, false])
    assert.deepEqual(lucky.offered, [])
  })

  it('come in another order for each holder, so that two holders rarely offer the same', () => {
    const first = [1, 2].map(seed => {
      const { copies } = setUp(100, seed)
      const [receiver] = [new Receiver(copies), new Receiver(copies)]
      return receiver?.offered
    })
    assert.notDeepEqual(first[0], first[1])
  })

  it('are not offered when another receiver holds the chunk, or asked for it before', () => {
    const { copies } = setUp(8)
    const first = new Receiver(copies, [0, 1, 2])
    copies.wanted(first, 3)
    const second = new Receiver(copies)
    while (second.fetchOffered() !== undefined || first.fetchOffered() !== undefined);
    assert.deepEqual([...first.offered, ...second.offered].sort(), [4, 5, 6, 7])
  })

  it('are out: a receiver is free again once the others had time to trade', async () => {
    const { clock, copies } = setUp(8)
    const receivers = [new Receiver(copies), new Receiver(copies)]
    while (receivers.some(receiver => receiver.fetchOffered() !== undefined));
    await clock.advance(400)
    copies.sent()
    await clock.advance(400)
    assert.deepEqual(
      receivers.map(({ isFree }) => isFree),
      [false, false]
    )
    await clock.advance(200)
    assert.deepEqual(
      receivers.map(({ isFree }) => isFree),
      [true, true]
    )
  })

  it('keep nobody waiting for long for a receiver that gets them too slowly', async () => {
    const { clock, copies } = setUp(20)
    const [slow, other] = [new Receiver(copies), new Receiver(copies)]
    const [index = 0] = slow.open
    copies.wanted(slow, index)
    while (other.fetchOffered() !== undefined);
    const freeAfter = async (seconds: number): Promise<boolean> => {
      for (let second = 0; second < seconds * 4; second++) {
        copies.sent()
        await clock.advance(250)
      }
      return other.isFree
    }
    assert.equal(await freeAfter(28), false)
    assert.equal(await freeAfter(3), true)
  })

  it('keep nobody waiting for a receiver that takes nothing of what it was offered', async () => {
    const { clock, copies } = setUp(20)
    const stuck = new Receiver(copies)
    const other = new Receiver(copies)
    while (other.fetchOffered() !== undefined);
    await clock.advance(1000)
    assert.equal(other.isFree, true)
    assert.equal(stuck.isFree, false)
  })

  it('are offered to others when a receiver goes, with what only it had', () => {
    const { copies } = setUp(12)
    const [first, second, third] = [new Receiver(copies), new Receiver(copies), new Receiver(copies)]
    first.fetchOffered()
    first.leave()
    while (second.fetchOffered() !== undefined || third.fetchOffered() !== undefined);
    assert.equal(new Set([...second.held, ...third.held]).size, 12)
  })

  it('leave the last receiver free at once when all others have gone', () => {
    const { copies } = setUp(50)
    const [first, second] = [new Receiver(copies), new Receiver(copies)]
    assert.equal(first.isFree, false)
    second.leave()
    assert.equal(first.isFree, true)
  })

  it(`never offer what somebody holds or was offered, whatever happens (seed ${SEED})`, () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('fetch', 'trade', 'join', 'leave'), fc.nat(1000)), {
      maxLength: 120
    })
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 30 }), fc.nat(), (sequence, count, seed) => {
        const { copies } = setUp(count, seed)
        const present: Receiver[] = []
        const check = (): void => {
          for (const receiver of present) {
            for (const index of receiver.open.filter(open => !receiver.held.has(open))) {
              const others = present.filter(other => other !== receiver && other.open.includes(index))
              assert.deepEqual(others.length, 0, `chunk ${index} is offered to two`)
            }
          }
        }
        for (const [step, at] of sequence) {
          const receiver = present[at % Math.max(1, present.length)]
          const before = new Set(present.flatMap(({ held }) => [...held]))
          const offeredBefore = present.map(({ offered }) => offered.length)
          if (step === 'join') present.push(new Receiver(copies))
          else if (step === 'fetch') receiver?.fetchOffered()
          else if (step === 'trade') receiver?.gain([...before][at % Math.max(1, before.size)] ?? 0)
          else if (receiver) {
            present.splice(present.indexOf(receiver), 1)
            receiver.leave()
            offeredBefore.splice(0)
          }
          const stillHeld = new Set(present.flatMap(({ held }) => [...held]))
          present.forEach((each, position) => {
            const fresh = each.offered.slice(offeredBefore[position] ?? each.offered.length)
            for (const index of fresh)
              assert.ok(!stillHeld.has(index) || !before.has(index), `chunk ${index} is held`)
          })
          check()
        }
      }),
      { numRuns: 300, seed: SEED }
    )
  })
})
