import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { Reputation, ReputationBook } from '../../../src/peer/download/reputation.ts'
import { VirtualClock } from '../exchange/virtual-clock.ts'

const DAY = 24 * 60 * 60 * 1000
const SEED = 20_261_127

function deeds(clock: VirtualClock, successes: number, failures: number): Reputation {
  const reputation = new Reputation(clock)
  for (let left = successes; left > 0; left--) reputation.succeeded()
  for (let left = failures; left > 0; left--) reputation.failed(1)
  return reputation
}

describe('a reputation', () => {
  for (const [successes, failures, expected] of [
    [0, 0, 0.5],
    [1, 0, 2 / 3],
    [8, 0, 0.9],
    [0, 8, 0.1],
    [4, 4, 0.5]
  ] as const) {
    it(`after ${successes} successes and ${failures} failures is ${expected.toFixed(2)}`, () => {
      assert.ok(Math.abs(deeds(new VirtualClock(), successes, failures).value - expected) < 1e-9)
    })
  }

  it('forgets half in a day', async () => {
    const clock = new VirtualClock()
    const reputation = deeds(clock, 0, 8)
    await clock.advance(DAY)
    assert.ok(Math.abs(reputation.value - 1 / 6) < 1e-9)
    await clock.advance(30 * DAY)
    assert.ok(Math.abs(reputation.value - 0.5) < 1e-6)
  })

  it('turns within a few failures, however long the peer was good', () => {
    const reputation = deeds(new VirtualClock(), 10_000, 0)
    for (let timeout = 0; timeout < 20; timeout++) reputation.failed(2)
    assert.ok(reputation.value < 0.75, `${reputation.value}`)
  })

  it(`stays between 0 and 1, and rises with a success, falls with a failure (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 300 }), sequence => {
        const reputation = new Reputation(new VirtualClock())
        for (const isGood of sequence) {
          const before = reputation.value
          if (isGood) reputation.succeeded()
          else reputation.failed(2)
          const { value } = reputation
          assert.ok(value > 0 && value < 1)
          assert.ok(isGood ? value >= before - 1e-9 : value <= before + 1e-9)
        }
      }),
      { numRuns: 100, seed: SEED }
    )
  })
})

describe('a book of reputations', () => {
  it('tells the same of a peer to each download, and over a restart', async () => {
    const clock = new VirtualClock()
    const book = new ReputationBook(clock)
    for (let refusal = 0; refusal < 8; refusal++) book.of('bad').failed(1)
    book.of('unknown')
    assert.equal(book.of('bad').value, 0.1)
    const again = new ReputationBook(clock, book.evidence)
    assert.equal(again.of('bad').value, 0.1)
    assert.deepEqual(
      book.evidence.map(({ peerId }) => peerId),
      ['bad'],
      'nothing is kept of whom nothing is known'
    )
  })

  it('keeps two thousand, those that were used last', () => {
    const book = new ReputationBook(new VirtualClock())
    for (let peer = 0; peer < 2000; peer++) book.of(`peer ${peer}`).succeeded()
    book.of('peer 0')
    book.of('one more').succeeded()
    const kept = new Set(book.evidence.map(({ peerId }) => peerId))
    assert.deepEqual(
      [kept.size, kept.has('peer 0'), kept.has('peer 1'), kept.has('one more')],
      [2000, true, false, true]
    )
  })
})
