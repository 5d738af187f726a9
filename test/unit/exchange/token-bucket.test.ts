import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { TokenBucket } from '../../../src/peer/exchange/token-bucket.ts'
import { settle, VirtualClock } from './virtual-clock.ts'

const KIB = 1024
const NEVER = new AbortController().signal

/** Takes slice after slice until aborted; tells how many bytes have passed. */
function consume(bucket: TokenBucket, slice: number, signal: AbortSignal): { bytes: number } {
  const passed = { bytes: 0 }
  const run = async (): Promise<void> => {
    for (;;) {
      await bucket.take(slice, signal)
      passed.bytes += slice
    }
  }
  run().catch((error: unknown) => assert.equal(error, signal.reason))
  return passed
}

describe('token bucket', () => {
  for (const rate of [100 * KIB, 1024 * KIB, 40_960 * KIB]) {
    it(`holds ${rate / KIB} KiB/s from the first byte on`, async () => {
      const clock = new VirtualClock()
      const bucket = new TokenBucket(rate, clock)
      const ending = new AbortController()
      const passed = consume(bucket, 16 * KIB, ending.signal)
      await settle()
      for (let tenths = 0; tenths <= 50; tenths++) {
        const allowed = (rate * tenths) / 10 + 64 * KIB
        assert.ok(passed.bytes <= allowed, `${passed.bytes} bytes after ${tenths / 10} s`)
        await clock.advance(100)
      }
      assert.ok(passed.bytes >= rate * 5 * 0.95, `only ${passed.bytes} bytes in 5 s`)
      ending.abort(new Error('enough'))
    })
  }

  it('does not save up for later while nobody asks', async () => {
    const clock = new VirtualClock()
    const bucket = new TokenBucket(10_240 * KIB, clock)
    await bucket.take(64 * KIB, NEVER)
    await clock.advance(60_000)
    const ending = new AbortController()
    const passed = consume(bucket, 16 * KIB, ending.signal)
    await settle()
    assert.equal(passed.bytes, 64 * KIB)
    ending.abort(new Error('enough'))
  })

  it('serves first come, first served', async () => {
    const clock = new VirtualClock()
    const bucket = new TokenBucket(64 * KIB, clock)
    await bucket.take(64 * KIB, NEVER)
    const order: number[] = []
    const takes = [64, 1, 32].map((size, at) => bucket.take(size * KIB, NEVER).then(() => order.push(at)))
    await clock.advance(1_600)
    await Promise.all(takes)
    assert.deepEqual(order, [0, 1, 2])
  })

  it('lets the next one pass when one gives up', async () => {
    const clock = new VirtualClock()
    const bucket = new TokenBucket(64 * KIB, clock)
    await bucket.take(64 * KIB, NEVER)
    const leaving = new AbortController()
    const first = bucket.take(64 * KIB, leaving.signal)
    const second = bucket.take(16 * KIB, NEVER)
    leaving.abort(new Error('cancelled'))
    await assert.rejects(first, /cancelled/)
    await clock.advance(251)
    await second
  })

  it('passes more than a burst in parts, at the same rate', async () => {
    const clock = new VirtualClock()
    const bucket = new TokenBucket(128 * KIB, clock)
    let isDone = false
    const taken = bucket.take(320 * KIB, NEVER).then(() => {
      isDone = true
    })
    await settle()
    await clock.advance(1_990)
    assert.equal(isDone, false)
    await clock.advance(20)
    await taken
  })

  it('follows a change of the limit at once', async () => {
    const clock = new VirtualClock()
    const bucket = new TokenBucket(1 * KIB, clock)
    await bucket.take(64 * KIB, NEVER)
    const waiting = bucket.take(64 * KIB, NEVER)
    bucket.rate = 64 * KIB
    await clock.advance(1_001)
    await waiting
    const unlimited = bucket.take(64 * KIB, NEVER)
    bucket.rate = 0
    await unlimited
    await bucket.take(1e9, NEVER)
  })
})
