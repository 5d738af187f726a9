import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { TransferSlots } from '../../../src/peer/exchange/transfer-slots.ts'
import { VirtualClock } from './virtual-clock.ts'

describe('slots for chunk transfers', () => {
  it('are bounded for each peer, and for all together', () => {
    const slots = new TransferSlots({ maxTransfers: 3, perPeer: 2 }, new VirtualClock())
    const first = slots.take('anna')
    assert.ok(first && slots.take('anna'))
    assert.equal(slots.take('anna'), undefined)
    assert.ok(slots.take('ben'))
    assert.equal(slots.take('cora'), undefined)
    first.release()
    assert.equal(slots.active, 2)
    assert.ok(slots.take('cora'))
  })

  it('are asked for again after the quarter of a transfer, within bounds', async () => {
    const clock = new VirtualClock()
    const slots = new TransferSlots({ maxTransfers: 1, perPeer: 1 }, clock)
    assert.equal(slots.retryAfter, 100)
    for (let transfer = 0; transfer < 60; transfer++) {
      const slot = slots.take('anna')
      await clock.advance(4_000)
      slot?.release()
    }
    assert.ok(Math.abs(slots.retryAfter - 1_000) < 5, `${slots.retryAfter}`)
    const slow = slots.take('anna')
    await clock.advance(3_600_000)
    slow?.release()
    assert.equal(slots.retryAfter, 5_000)
  })
})
