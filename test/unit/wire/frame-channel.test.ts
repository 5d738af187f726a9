import assert from 'node:assert/strict'
import { streamPair } from '@libp2p/utils'
import { FrameChannel } from '../../../src/peer/wire/frame-channel.ts'
import { encodeFrame } from '../../../src/peer/wire/frame-codec.ts'

const signal = () => AbortSignal.timeout(5_000)
const MAX = { maxFrameBytes: 64 * 1024 }

describe('FrameChannel', () => {
  it('carries messages in order, both ways', async () => {
    const [left, right] = (await streamPair()).map(stream => new FrameChannel(stream, MAX)) as [
      FrameChannel,
      FrameChannel
    ]
    for (let number = 0; number < 20; number++) await left.send({ number }, signal())
    await right.send({ reply: true }, signal())
    for (let number = 0; number < 20; number++) assert.deepEqual(await right.receive(signal()), { number })
    assert.deepEqual(await left.receive(signal()), { reply: true })
  })

  it('gives undefined once the other side has ended in good order', async () => {
    const [left, right] = (await streamPair()).map(stream => new FrameChannel(stream, MAX)) as [
      FrameChannel,
      FrameChannel
    ]
    await left.send({ last: true }, signal())
    await left.close(signal())
    assert.deepEqual(await right.receive(signal()), { last: true })
    assert.equal(await right.receive(signal()), undefined)
    assert.equal(await right.receive(signal()), undefined)
  })

  it('says that a message was cut short', async () => {
    const [left, right] = await streamPair()
    const channel = new FrameChannel(right, MAX)
    left.send(encodeFrame({ text: 'whole' }).subarray(0, 8))
    await left.close({ signal: signal() })
    await assert.rejects(channel.receive(signal()), { code: 'FRAME_TRUNCATED' })
  })

  it('breaks the stream of a peer that sends nonsense or too much', async () => {
    for (const [bytes, code] of [
      [Uint8Array.of(0, 0, 0, 1, 0xff), 'FRAME_INVALID'],
      [Uint8Array.of(0xff, 0, 0, 0), 'FRAME_TOO_LARGE']
    ] as const) {
      const [left, right] = await streamPair()
      const channel = new FrameChannel(right, MAX)
      left.send(bytes)
      await assert.rejects(channel.receive(signal()), { code })
      await assert.rejects(channel.receive(signal()), { code })
      assert.ok(channel.closed)
      await assert.rejects(channel.send({}, signal()), { code })
    }
  })

  it('rejects what waits when it is aborted, and goes on afterwards', async () => {
    const [left, right] = (await streamPair()).map(stream => new FrameChannel(stream, MAX)) as [
      FrameChannel,
      FrameChannel
    ]
    const controller = new AbortController()
    const received = right.receive(controller.signal)
    controller.abort(new Error('enough'))
    await assert.rejects(received, /enough/)
    await left.send({ still: 'here' }, signal())
    assert.deepEqual(await right.receive(signal()), { still: 'here' })
  })

  it('tells who waits that the connection broke', async () => {
    const [left, right] = await streamPair()
    const channel = new FrameChannel(right, MAX)
    const received = channel.receive(signal())
    left.abort(new Error('gone'))
    await assert.rejects(received, { code: 'PEER_UNREACHABLE' })
    await assert.rejects(channel.send({}, signal()), { code: 'PEER_UNREACHABLE' })
  })

  it('stops reading while its user is behind, and loses nothing', async () => {
    const [left, right] = await streamPair()
    const receiver = new FrameChannel(right, { maxFrameBytes: 8 * 1024, highWaterMark: 64 * 1024 })
    const paused = new Promise(resolve => {
      const pause = right.pause.bind(right)
      right.pause = () => {
        pause()
        resolve(undefined)
      }
    })
    const sender = new FrameChannel(left, MAX)
    const total = 40
    const sent = (async () => {
      for (let number = 0; number < total; number++) {
        await sender.send({ number, bytes: new Uint8Array(4096) }, signal())
      }
    })()
    await paused
    for (let number = 0; number < total; number++) {
      assert.equal((await receiver.receive(signal()))?.number, number)
    }
    await sent
  })

  it('has one reader at a time', async () => {
    const [, right] = await streamPair()
    const channel = new FrameChannel(right, MAX)
    const controller = new AbortController()
    const first = channel.receive(controller.signal)
    assert.throws(() => channel.receive(signal()), { code: 'INTERNAL' })
    controller.abort()
    await assert.rejects(first)
  })
})
