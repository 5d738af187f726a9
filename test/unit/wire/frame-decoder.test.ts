import assert from 'node:assert/strict'
import { decodeFrameBody, encodeFrame } from '../../../src/peer/wire/frame-codec.ts'
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
            decoded.push(plain(decodeFrameBody(body)))
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
      if (body) decoded.push(plain(decodeFrameBody(body)))
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
    assert.equal(decoder.next()?.length, 100)
  })
})

function plain(message: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(message)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value instanceof Uint8Array ? new Uint8Array(value) : value])
  )
}
