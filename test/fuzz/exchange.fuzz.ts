import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { PeerError } from '../../src/peer/errors.ts'
import { parseAnswer, parseRequest } from '../../src/peer/exchange/chunk-messages.ts'
import { PendingChunk } from '../../src/peer/exchange/pending-chunk.ts'
import type { Message } from '../../src/peer/wire/frame-codec.ts'
import { encodeFrame } from '../../src/peer/wire/frame-codec.ts'
import { ExchangePair, patience } from '../unit/exchange/exchange-pair.ts'
import { FakeVideo } from '../unit/exchange/fake-video.ts'
import { RawClient } from '../unit/exchange/raw-client.ts'

const PARAMETERS = { numRuns: 1000, seed: 20_261_122 }
const STREAM_PARAMETERS = { numRuns: 60, seed: 20_261_122 }

const TYPES = [
  'have',
  'have-more',
  'manifest-request',
  'leaves-request',
  'want',
  'cancel',
  'manifest',
  'leaves',
  'slice',
  'busy',
  'failed',
  'load',
  'reachable',
  'peers',
  'offer',
  'offer-all',
  'something-new'
]

const anyValue = fc.oneof(
  fc.integer({ min: -2, max: 70_000 }),
  fc.double({ noNaN: true }),
  fc.string({ maxLength: 80 }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 100 }),
  fc.array(fc.integer({ min: -1, max: 40_000 }), { maxLength: 20 }),
  fc.array(fc.string({ maxLength: 300 }), { maxLength: 20 }),
  fc.array(fc.record({ peerId: fc.string(), addresses: fc.array(fc.string()) }), { maxLength: 20 })
)

/** Messages that look like ours, with any value in each field. */
const anyMessage: fc.Arbitrary<Message> = fc.record(
  {
    type: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...TYPES) }, anyValue),
    request: anyValue,
    index: anyValue,
    first: anyValue,
    count: anyValue,
    bits: anyValue,
    indices: anyValue,
    offset: anyValue,
    data: anyValue,
    last: anyValue,
    retryAfter: anyValue,
    code: anyValue,
    active: anyValue,
    limit: anyValue,
    addresses: anyValue,
    peers: anyValue
  },
  { requiredKeys: [] }
)

describe(`exchange, fuzzed (seed ${PARAMETERS.seed})`, function () {
  this.timeout(60_000)

  it('reads any message as ours, as one to ignore, or refuses it by code', () => {
    fc.assert(
      fc.property(anyMessage, fc.boolean(), (message, isRequest) => {
        try {
          const parsed = isRequest ? parseRequest(message) : parseAnswer(message)
          if (parsed) assert.equal(parsed.type, message.type)
        } catch (error) {
          assert.ok(error instanceof PeerError)
          assert.equal(error.code, 'FRAME_INVALID')
        }
      }),
      PARAMETERS
    )
  })

  it('puts a chunk together however it is cut, and never from slices that do not fit', () => {
    const cut = fc.array(fc.integer({ min: 1, max: 65_536 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(cut, fc.nat(), fc.integer({ min: -3, max: 3 }), (lengths, at, shift) => {
        const total = lengths.reduce((sum, length) => sum + length, 0)
        const chunk = new PendingChunk(total, bytes => new Uint8Array(bytes))
        const faulty = at % lengths.length
        let offset = 0
        let complete: Uint8Array | undefined
        try {
          lengths.forEach((length, index) => {
            const data = new Uint8Array(length).fill(index + 1)
            const claimed = offset + (index === faulty ? shift : 0)
            const last = offset + length === total
            complete = chunk.add({ type: 'slice', request: 0, offset: claimed, data, last })
            offset += length
          })
        } catch (error) {
          assert.notEqual(shift, 0)
          assert.equal((error as PeerError).code, 'CHUNK_INVALID')
          return
        }
        assert.equal(shift, 0)
        assert.equal(complete?.length, total)
        assert.equal(complete?.at(-1), lengths.length)
      }),
      PARAMETERS
    )
  })

  it('serves on after any bytes or messages of a peer that knows the ID, and leaks no stream', async () => {
    const video = new FakeVideo('fuzz', 3, 1000)
    const pair = new ExchangePair([video])
    const anyFrame = fc.oneof(
      anyMessage.map(message => encodeFrame(message)),
      fc.uint8Array({ maxLength: 300 })
    )
    await fc.assert(
      fc.asyncProperty(fc.array(anyFrame, { minLength: 1, maxLength: 6 }), async frames => {
        const client = new RawClient(await pair.dial())
        await client.open(video.secrets)
        for (const frame of frames) if (!client.channel.closed) client.stream.send(frame)
        await client.stream.close({ signal: patience() }).catch(() => assert.ok(client.channel.closed))
        await Promise.all(pair.handled.splice(0))
      }),
      STREAM_PARAMETERS
    )
    assert.equal(pair.muxers.acceptedStreams, 0)
    assert.equal(await pair.transfersUnderWay(video), 0)
    assert.equal(video.listeners, 0)
    const session = await pair.session(video)
    assert.equal((await session.request(0, 1000, { signal: patience() })).length, 1000)
    await session.close()
  })

  it('gets rid of any bytes of a peer that does not know the ID', async () => {
    const pair = new ExchangePair([new FakeVideo('fuzz', 1, 1000)])
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 500 }), async bytes => {
        const stream = await pair.dial()
        stream.send(bytes)
        await stream.close({ signal: patience() }).catch(() => assert.notEqual(stream.status, 'open'))
        await Promise.all(pair.handled.splice(0))
      }),
      STREAM_PARAMETERS
    )
    assert.equal(pair.muxers.acceptedStreams, 0)
  })
})
