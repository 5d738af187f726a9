import assert from 'node:assert/strict'
import { backoff } from '../../../src/peer/download/backoff.ts'
import { InFlightBudget } from '../../../src/peer/download/in-flight-budget.ts'
import { PeerScore } from '../../../src/peer/download/peer-score.ts'
import { RateMeter } from '../../../src/peer/download/rate-meter.ts'
import { BanList } from '../../../src/peer/exchange/ban-list.ts'
import { VirtualClock } from '../exchange/virtual-clock.ts'

const HOUR = 60 * 60 * 1000

describe("a holder's score", () => {
  let clock: VirtualClock
  let score: PeerScore

  beforeEach(() => {
    clock = new VirtualClock()
    score = new PeerScore(clock)
  })

  async function deliver(bytes: number, milliseconds: number): Promise<void> {
    score.requested()
    await clock.advance(milliseconds)
    score.received(bytes)
    score.settled()
    score.verified(milliseconds)
  }

  it('has no rate before the first chunk', () => {
    assert.equal(score.rate, undefined)
    assert.equal(score.hasDelivered, false)
  })

  it('measures while the holder has something to send, not while it idles', async () => {
    await deliver(100_000, 100)
    assert.equal(score.rate, 1_000_000)
    await clock.advance(60_000)
    await deliver(100_000, 100)
    assert.equal(score.rate, 1_000_000)
  })

  it('follows a change of rate within seconds', async () => {
    await deliver(1_000_000, 1000)
    for (let second = 0; second < 6; second++) await deliver(100_000, 1000)
    assert.ok((score.rate ?? 0) < 160_000, `${score.rate}`)
  })

  it('counts a holder as snubbed after five seconds in which it owes and sends nothing', async () => {
    assert.equal(score.snubbedAt(10, 0), undefined)
    await clock.advance(1000)
    score.requested()
    assert.equal(score.snubbedAt(10, 0), 6000)
    assert.equal(score.snubbedAt(10, 1700), 6700, 'each byte postpones it')
    assert.equal(score.snubbedAt(3000, 0), 13_000, 'a far one gets longer')
  })

  it('waits as long as a busy holder asks, and longer each time it names no time', () => {
    assert.equal(score.busy(250), 250)
    assert.equal(score.busy(), 1000)
    assert.equal(score.busy(), 2000)
    assert.equal(score.busy(10_000_000), 30_000)
  })

  it('remembers a refusal for ten seconds', async () => {
    score.refused(4)
    assert.equal(score.hasRefused(4), true)
    assert.equal(score.hasRefused(5), false)
    await clock.advance(10_000)
    assert.equal(score.hasRefused(4), false)
  })

  it('weighs failures and load', async () => {
    const fresh = score.penalty()
    score.failed()
    const failed = score.penalty()
    assert.ok(failed > fresh)
    assert.ok(score.penalty(1) > failed)
    for (let chunk = 0; chunk < 10; chunk++) await deliver(1000, 10)
    assert.ok(score.penalty() < fresh)
    assert.ok(score.penalty() >= 1)
  })
})

describe('a rate meter', () => {
  it('averages over three seconds', async () => {
    const clock = new VirtualClock()
    const meter = new RateMeter(clock)
    for (let tick = 0; tick < 40; tick++) {
      meter.add(25_000)
      await clock.advance(100)
    }
    assert.ok(Math.abs(meter.bytesPerSecond - 250_000) < 25_000, `${meter.bytesPerSecond}`)
    await clock.advance(3500)
    assert.equal(meter.bytesPerSecond, 0)
  })

  it('shows the first bytes at once', async () => {
    const clock = new VirtualClock()
    const meter = new RateMeter(clock)
    await clock.advance(100)
    meter.add(100_000)
    assert.equal(meter.bytesPerSecond, 400_000)
  })
})

describe('a ban', () => {
  it('lasts a day', async () => {
    const clock = new VirtualClock()
    const bans = new BanList(clock)
    bans.ban('liar')
    assert.equal(bans.isBanned('liar'), true)
    assert.equal(bans.isBanned('honest'), false)
    await clock.advance(24 * HOUR - 1)
    assert.equal(bans.isBanned('liar'), true)
    await clock.advance(1)
    assert.equal(bans.isBanned('liar'), false)
  })

  it('is one of at most ten thousand', () => {
    const bans = new BanList(new VirtualClock())
    for (let peer = 0; peer <= 10_000; peer++) bans.ban(`peer ${peer}`)
    assert.equal(bans.isBanned('peer 0'), false)
    assert.equal(bans.isBanned('peer 1'), true)
  })
})

describe('waiting between attempts', () => {
  it('doubles from one second to thirty', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 7, 100].map(backoff),
      [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]
    )
  })
})

describe('the bound on bytes in flight', () => {
  it('is shared, and tells when there is room again', () => {
    const budget = new InFlightBudget(100)
    let calls = 0
    const stop = budget.onRoom(() => calls++)
    budget.take(60)
    assert.equal(budget.free, 40)
    budget.take(60)
    assert.equal(budget.free, 0)
    budget.give(60)
    assert.equal(calls, 1)
    stop()
    budget.take(60)
    budget.give(60)
    assert.equal(calls, 1)
  })
})
