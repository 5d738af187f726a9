import assert from 'node:assert/strict'
import { Uint8ArrayList } from 'uint8arraylist'
import {
  decodeFramePieces,
  encodeFrame,
  encodeFramePieces,
  LENGTH_PREFIX_BYTES
} from '../../../src/peer/wire/frame-codec.ts'
import { FrameDecoder } from '../../../src/peer/wire/frame-decoder.ts'

describe('FrameDecoder', () => {
  const messages = [
    { type: 'a', bytes: Uint8Array.of(1, 2, 3) },
    { type: 'b' },
    { type: 'c', list: [1, [2]] }
  ]
  const wire = Buffer.concat(messages.map(encodeFrame))

  it('gives the same messages wherever the bytes were split', () => {
    for (let first = 0; first <= wire.length; first++) {
      for (let second = first; second <= wire.length; second += 3) {
        const decoder = new FrameDecoder(1024)
        const decoded = []
        for (const piece of [wire.subarray(0, first), wire.subarray(first, second), wire.subarray(second)]) {
          decoder.push(piece)
          for (let body = decoder.next(); body; body = decoder.next())
            decoded.push(plain(decodeFramePieces(body, () => false)))
        }
        assert.deepEqual(decoded, messages, `split at ${first} and ${second}`)
        assert.equal(decoder.bufferedBytes, 0)
      }
    }
  })

  it('takes bytes one at a time', () => {
    const decoder = new FrameDecoder(1024)
    const decoded = []
    for (const byte of wire) {
      decoder.push(Uint8Array.of(byte))
      const body = decoder.next()
      if (body) decoded.push(plain(decodeFramePieces(body, () => false)))
    }
    assert.deepEqual(decoded, messages)
  })

  it('refuses an oversize message by its prefix, before the body arrives', () => {
    const decoder = new FrameDecoder(100)
    decoder.push(Uint8Array.of(0, 0, 0, 101))
    assert.throws(() => decoder.next(), { code: 'FRAME_TOO_LARGE' })
  })

  it('takes a message of exactly the limit', () => {
    const decoder = new FrameDecoder(100)
    decoder.push(Uint8Array.of(0, 0, 0, 100))
    decoder.push(new Uint8Array(99))
    assert.equal(decoder.next(), undefined)
    decoder.push(new Uint8Array(1))
    assert.equal(Buffer.concat(decoder.next() ?? []).length, 100)
  })
})

describe('a message in pieces', () => {
  const data = Uint8Array.from({ length: 5000 }, (_, at) => at % 251)
  const message = { type: 'slice', request: 7, data }
  const body = Buffer.concat(encodeFramePieces(message)).subarray(LENGTH_PREFIX_BYTES)

  it('keeps its long byte string in pieces where that is wanted, wherever it was cut', () => {
    for (let at = 0; at < body.length; at += at < 60 ? 1 : 457) {
      const pieces = [body.subarray(0, at), body.subarray(at)].filter(piece => piece.length > 0)
      const kept = decodeFramePieces(pieces, ({ type }) => type === 'slice')
      const bytes = kept.data instanceof Uint8Array ? kept.data : (kept.data as Uint8ArrayList).subarray()
      assert.deepEqual(plain({ ...kept, data: bytes }), message)
      const whole = decodeFramePieces(pieces, ({ type }) => type === 'other')
      assert.deepEqual(plain(whole), message)
    }
  })

  it('copies nothing of what it keeps', () => {
    const { data: kept } = decodeFramePieces([body.subarray(0, 2000), body.subarray(2000)], () => true)
    assert.ok(kept instanceof Uint8ArrayList)
    for (const piece of kept) assert.equal(piece.buffer, body.buffer)
  })

  it('is refused as a whole one would be', () => {
    const nested = Buffer.concat([Buffer.from('a2616b9f', 'hex'), body.subarray(1)])
    for (const wrong of [nested, Buffer.concat([body, Buffer.from([0])]), body.subarray(0, -1)]) {
      const pieces = [wrong.subarray(0, 100), wrong.subarray(100)]
      assert.throws(() => decodeFramePieces(pieces, () => true), { code: 'FRAME_INVALID' })
    }
  })
})

function plain(message: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(message)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value instanceof Uint8Array ? new Uint8Array(value) : value])
  )
}
