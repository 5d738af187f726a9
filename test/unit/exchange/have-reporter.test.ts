import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'mocha'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { HaveReporter } from '../../../src/peer/exchange/have-reporter.ts'
import type { Message } from '../../../src/peer/wire/frame-codec.ts'
import { FakeVideo } from './fake-video.ts'
import { VirtualClock } from './virtual-clock.ts'

describe('what a peer tells of the chunks that it gains', () => {
  let clock: VirtualClock
  let source: FakeVideo
  let sent: Message[]
  /** What the other side holds already. */
  let held: Bitfield
  let reporter: HaveReporter

  beforeEach(async () => {
    clock = new VirtualClock()
    source = new FakeVideo('gains', 9, 1000, new Bitfield(9))
    held = Bitfield.fromRanges(9, [[4, 9]])
    sent = []
    reporter = new HaveReporter({
      source,
      clock,
      isAwaited: index => !held.has(index),
      send: async message => void sent.push(message)
    })
    await reporter.start()
    sent.length = 0
  })

  it('goes out within a tenth of a second, as one message, when the other side lacks it', async () => {
    source.gain(0)
    await clock.advance(50)
    source.gain(3)
    await clock.advance(50)
    assert.deepEqual(sent, [{ type: 'have-more', indices: [0, 3] }])
  })

  it('waits a second when the other side holds it, and goes along with what cannot wait', async () => {
    source.gain(5)
    await clock.advance(900)
    assert.deepEqual(sent, [])
    await clock.advance(100)
    assert.deepEqual(sent, [{ type: 'have-more', indices: [5] }])
    source.gain(6)
    source.gain(1)
    await clock.advance(100)
    assert.deepEqual(sent.at(-1), { type: 'have-more', indices: [6, 1] })
    await clock.advance(5_000)
    assert.equal(sent.length, 2)
  })

  it('is not told any more once it is stopped', async () => {
    source.gain(0)
    reporter.stop()
    source.gain(1)
    await clock.advance(5_000)
    assert.deepEqual(sent, [])
    assert.equal(source.listeners, 0)
  })
})
