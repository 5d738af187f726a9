import assert from 'node:assert/strict'
import fc from 'fast-check'
import { MessageDecoder } from '../../../src/peer/control/message-stream.ts'
import { PeerError } from '../../../src/peer/errors.ts'

function frame(value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value))
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body])
}

describe('message decoder', () => {
  it('gives the same messages however the stream is cut', () => {
    const messages = fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 6 })
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (values, sizes) => {
        const stream = Buffer.concat(values.map(frame))
        const decoder = new MessageDecoder(1 << 20)
        const seen: unknown[] = []
        for (let at = 0, cut = 0; at < stream.length; cut++) {
          const size = sizes[cut % sizes.length] ?? 1
          seen.push(...decoder.push(stream.subarray(at, at + size)))
          at += size
        }
        assert.equal(JSON.stringify(seen), JSON.stringify(values))
      })
    )
  })

  it('answers any bytes with messages or a PeerError', () => {
    const header = fc.constant(Buffer.from('Content-Length: 3\r\n\r\n'))
    const noise = fc.uint8Array({ maxLength: 400 }).map(bytes => Buffer.from(bytes))
    fc.assert(
      fc.property(fc.array(fc.oneof(header, noise), { maxLength: 5 }), pieces => {
        const decoder = new MessageDecoder(1000)
        try {
          for (const piece of pieces) decoder.push(piece)
        } catch (error) {
          assert.ok(error instanceof PeerError)
        }
      }),
      { numRuns: 5000 }
    )
  })

  it('refuses a message over the bound before it is here', () => {
    assert.throws(() => new MessageDecoder(10).push(Buffer.from('Content-Length: 11\r\n\r\n')), {
      code: 'FRAME_TOO_LARGE'
    })
  })

  it('reads a large message in small pieces', () => {
    const stream = frame('x'.repeat(8 * 1024 * 1024))
    const decoder = new MessageDecoder(1 << 24)
    const seen: unknown[] = []
    for (let at = 0; at < stream.length; at += 16_384)
      seen.push(...decoder.push(stream.subarray(at, at + 16_384)))
    assert.equal(seen.length, 1)
  })
})
