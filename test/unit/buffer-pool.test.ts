import assert from 'node:assert/strict'
import { BufferPool, freeMemory } from '../../src/peer/buffer-pool.ts'

describe('buffers that are used again', () => {
  it('come back, whatever length was asked for', () => {
    const pool = new BufferPool(2)
    const first = pool.take(100)
    const memory = first.buffer
    pool.give(first)
    const shorter = pool.take(40)
    assert.equal(shorter.length, 40)
    assert.equal(shorter.buffer, memory)
    pool.give(shorter)
    assert.equal(pool.take(200).length, 200)
  })

  it('are given out to one at a time, and kept up to a bound', () => {
    const pool = new BufferPool(1)
    const buffers = [pool.take(10), pool.take(10)]
    for (const buffer of buffers) pool.give(buffer)
    assert.notEqual(pool.take(10).buffer, pool.take(10).buffer)
  })

  it('free their memory at once, unless they are a view of something larger', () => {
    const whole = Buffer.allocUnsafeSlow(1000)
    freeMemory(whole.subarray(10))
    assert.equal(whole.length, 1000)
    freeMemory(whole)
    assert.equal(whole.length, 0)
  })
})
