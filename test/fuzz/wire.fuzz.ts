import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { PeerError } from '../../src/peer/errors.ts'
import { decodeCanonical, encodeCanonical } from '../../src/peer/wire/canonical.ts'
import { checkCbor } from '../../src/peer/wire/cbor-check.ts'
import {
  decodeFrameBody,
  decodeFramePieces,
  encodeFrame,
  encodeFramePieces,
  LENGTH_PREFIX_BYTES,
  type Message
} from '../../src/peer/wire/frame-codec.ts'
import { FrameDecoder } from '../../src/peer/wire/frame-decoder.ts'
import { corrupted, expectOnlyPeerErrors } from './hostile-bytes.ts'

const RUNS = 20_000

/** Plain data of a message: text keys, no numbers beyond 2^53, nothing that JSON would lose but bytes. */
const { value } = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    // CBOR keeps no sign of zero.
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(number => number + 0),
    fc.string({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 60 }),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(key(), tie('value'), { maxKeys: 6, noNullPrototype: true })
  )
}))

const message = fc.dictionary(key(), value, { maxKeys: 8, noNullPrototype: true })

function key(): fc.Arbitrary<string> {
  return fc.string({ maxLength: 20 }).filter(text => text !== '__proto__')
}

/** Bytes that look like CBOR more often than random ones do. */
const cborish = fc
  .array(
    fc.oneof(
      fc.constantFrom(0xa1, 0x81, 0x9f, 0xbf, 0x5f, 0x61, 0x41, 0xc0, 0xfb, 0x1b, 0x9b, 0xf6),
      fc.nat(255)
    ),
    {
      maxLength: 80
    }
  )
  .map(bytes => Uint8Array.from(bytes))

describe('Wire under hostile input', function () {
  this.timeout(120_000)

  it('brings every message through unchanged, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 4 }),
        fc.array(fc.nat(4000), { maxLength: 12 }),
        (messages, cuts) => {
          const wire = Buffer.concat(messages.map(encodeFrame))
          const decoder = new FrameDecoder(1 << 20)
          const decoded: Message[] = []
          const places = [...new Set(cuts.map(cut => cut % (wire.length + 1)))].sort((a, b) => a - b)
          for (const [index, place] of [...places, wire.length].entries()) {
            decoder.push(wire.subarray(index === 0 ? 0 : places[index - 1], place))
            for (let body = decoder.next(); body; body = decoder.next())
              decoded.push(decodeFramePieces(body, () => false))
          }
          assert.deepEqual(decoded.map(withPlainBytes), messages.map(withPlainBytes))
          assert.equal(decoder.bufferedBytes, 0)
        }
      ),
      { numRuns: 5_000 }
    )
  })

  it('decodes everything that the check lets through, and throws nothing but PeerErrors', async () => {
    await fc.assert(
      fc.asyncProperty(cborish, async bytes => {
        const checked = await expectOnlyPeerErrors(async () => checkCbor(bytes))
        const decoded = await expectOnlyPeerErrors(async () => decodeFrameBody(bytes))
        if (checked instanceof PeerError) assert.ok(decoded instanceof PeerError)
      }),
      { numRuns: 5 * RUNS }
    )
  })

  it('decodes a message in pieces to what it is as a whole, however it is cut and whatever is wrong with it', async () => {
    const long = fc
      .tuple(message, fc.uint8Array({ minLength: 4096, maxLength: 5000 }))
      .map(([plain, data]) =>
        Buffer.concat(encodeFramePieces({ ...plain, data })).subarray(LENGTH_PREFIX_BYTES)
      )
    const bodies = fc.oneof(
      long,
      long.chain(bytes => corrupted(bytes)),
      long.chain(bytes =>
        corrupted(bytes.subarray(0, 60)).map(head => Buffer.concat([head, bytes.subarray(60)]))
      )
    )
    await fc.assert(
      fc.asyncProperty(bodies, fc.array(fc.nat(200), { maxLength: 4 }), async (body, cuts) => {
        const whole = await expectOnlyPeerErrors(async () => decodeFrameBody(body))
        const pieces = await expectOnlyPeerErrors(async () => decodeFramePieces(cut(body, cuts), () => true))
        if (whole instanceof PeerError) assert.ok(pieces instanceof PeerError)
        else assert.deepEqual(withPlainBytes(pieces), withPlainBytes(whole))
      }),
      { numRuns: 2_000 }
    )
  })

  it('takes no corrupted message for anything but data or an error', async () => {
    const corruptedFrames = message
      .map(plain => encodeFrame(plain).subarray(LENGTH_PREFIX_BYTES))
      .chain(bytes => corrupted(bytes))
    await fc.assert(
      fc.asyncProperty(corruptedFrames, async bytes => {
        await expectOnlyPeerErrors(async () => decodeFrameBody(bytes))
      }),
      { numRuns: RUNS }
    )
  })

  it('accepts of any bytes only those that are the one canonical encoding', async () => {
    const signed = fc.oneof(
      cborish,
      message.map(plain => encodeCanonical(plain)).chain(bytes => corrupted(bytes))
    )
    await fc.assert(
      fc.asyncProperty(signed, async bytes => {
        const decoded = await expectOnlyPeerErrors(async () => decodeCanonical(bytes, { maxBytes: 10_000 }))
        if (!(decoded instanceof PeerError)) assert.equal(hex(encodeCanonical(decoded)), hex(bytes))
      }),
      { numRuns: RUNS }
    )
  })

  it('stays within its limit whatever lengths are announced', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 30 }), pieces => {
        const decoder = new FrameDecoder(64)
        let pushed = 0
        try {
          for (const piece of pieces) {
            decoder.push(piece)
            pushed += piece.length
            for (let body = decoder.next(); body; body = decoder.next())
              assert.ok(Buffer.concat(body).length <= 64)
          }
        } catch (error) {
          assert.ok(error instanceof PeerError && error.code === 'FRAME_TOO_LARGE')
        }
        assert.ok(decoder.bufferedBytes <= pushed)
      }),
      { numRuns: RUNS }
    )
  })
})

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places, bytes.length].sort((a, b) => a - b).filter(end => end <= bytes.length)
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)).filter(piece => piece.length > 0)
}

// cbor-x gives byte strings as Buffers, which deepEqual does not take for the Uint8Arrays that went in.
function withPlainBytes(plain: unknown): unknown {
  if (plain instanceof Uint8ArrayList) return [...plain.subarray()]
  if (plain instanceof Uint8Array) return [...plain]
  if (Array.isArray(plain)) return plain.map(withPlainBytes)
  if (typeof plain !== 'object' || plain === null) return plain
  return Object.fromEntries(Object.entries(plain).map(([name, field]) => [name, withPlainBytes(field)]))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
