import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { FrameChannel } from '../../../src/peer/wire/frame-channel.ts'
import { decodeFrameBody, encodeFrame, encodeFramePieces } from '../../../src/peer/wire/frame-codec.ts'
import { patience } from '../exchange/exchange-pair.ts'
import { MuxerPair } from '../exchange/stream-pair.ts'

const KIB = 1024
const LIMITS = { maxFrameBytes: 128 * KIB }

async function channelPair() {
  const muxers = new MuxerPair()
  const [dialled, accepted] = await muxers.open()
  return {
    muxers,
    dialled,
    accepted,
    near: new FrameChannel(dialled, LIMITS),
    far: new FrameChannel(accepted, LIMITS)
  }
}

describe('frame channel', () => {
  it('carries messages both ways, and tells a good end', async () => {
    const { near, far } = await channelPair()
    await near.send({ type: 'question', text: 'ünï' }, patience())
    assert.deepEqual(await far.receive(patience()), { type: 'question', text: 'ünï' })
    await far.send({ type: 'answer', data: new Uint8Array(70 * KIB).fill(3) }, patience())
    const answer = await near.receive(patience())
    assert.deepEqual(Buffer.from(answer?.data as Uint8Array), Buffer.alloc(70 * KIB, 3))
    await near.close(patience())
    assert.equal(await far.receive(patience()), undefined)
  })

  it('holds the sender back for as long as the receiver takes nothing, again and again', async () => {
    const { near, far } = await channelPair()
    const message = { data: new Uint8Array(64 * KIB) }
    let sent = 0
    const sending = (async () => {
      while (sent < 200) {
        await near.send(message, patience())
        sent++
      }
    })()
    for (let received = 0; received < 200; received++) {
      if (received % 40 === 0) {
        await settled(() => sent)
        // 1 MiB waits here, what one stream's window takes is under way, and little more is written.
        assert.ok(sent - received <= 80, `${sent} sent, ${received} received`)
      }
      assert.ok(await far.receive(patience()))
    }
    await sending
    assert.ok(near.unsentBytes <= 64 * KIB + 100)
  })

  it('delivers what came before the end, however late it is read', async () => {
    const { near, far, accepted } = await channelPair()
    accepted.pause()
    for (let at = 0; at < 3; at++) await near.send({ at, data: new Uint8Array(50 * KIB) }, patience())
    await near.close(patience())
    await settled(() => accepted.readBufferLength)
    accepted.resume()
    for (let at = 0; at < 3; at++) assert.equal((await far.receive(patience()))?.at, at)
    assert.equal(await far.receive(patience()), undefined)
  })

  it('takes neither a reset nor a lost connection for a good end', async () => {
    const reset = await channelPair()
    const afterReset = reset.far.receive(patience())
    reset.near.abort(new Error('no more'))
    await assert.rejects(afterReset, { code: 'PEER_UNREACHABLE' })
    const lost = await channelPair()
    const afterLoss = lost.far.receive(patience())
    lost.muxers.abort()
    await assert.rejects(afterLoss, { code: 'PEER_UNREACHABLE' })
    await assert.rejects(lost.near.send({}, patience()), { code: 'PEER_UNREACHABLE' })
  })

  it('stops waiting when the caller gives up, and goes on afterwards', async () => {
    const { near, far } = await channelPair()
    const giving = new AbortController()
    const waiting = far.receive(giving.signal)
    giving.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
    await near.send({ type: 'late' }, patience())
    assert.deepEqual(await far.receive(patience()), { type: 'late' })
  })

  it('breaks a stream whose frame is too long', async () => {
    const { near, far } = await channelPair()
    await near.send({ data: new Uint8Array(LIMITS.maxFrameBytes) }, patience())
    await assert.rejects(far.receive(patience()), { code: 'FRAME_TOO_LARGE' })
    await assert.rejects(near.receive(patience()), { code: 'PEER_UNREACHABLE' })
  })
})

describe('frame in pieces', () => {
  const bytes = Buffer.alloc(5000, 9)
  const messages = [
    { type: 'slice', request: 3, offset: 65_536, data: bytes, last: true },
    { data: bytes },
    { data: bytes, more: bytes },
    { type: 'small', data: Buffer.from('x') },
    Object.fromEntries([...Array(30).keys()].map(at => [`key ${at}`, at === 20 ? bytes : at]))
  ]
  for (const message of messages) {
    it(`decodes like the frame in one: ${Object.keys(message).length} fields, ${typeof message.data}`, () => {
      const pieces = encodeFramePieces(message)
      const frame = Buffer.concat(pieces)
      assert.equal(frame.readUInt32BE(0), frame.length - 4)
      assert.deepEqual(
        decodeFrameBody(frame.subarray(4)),
        decodeFrameBody(Buffer.from(encodeFrame(message)).subarray(4))
      )
    })
  }

  it('does not copy a long byte string', () => {
    assert.equal(encodeFramePieces({ type: 'slice', data: bytes }).at(-1), bytes)
  })
})

async function settled(measure: () => number): Promise<void> {
  for (let before = Number.NaN; before !== measure(); ) {
    before = measure()
    await new Promise(resolve => setTimeout(resolve, 30))
  }
}
