import assert from 'node:assert/strict'
import type { Stream } from '@libp2p/interface'
import { describe, it } from 'mocha'
import { type Clock, systemClock } from '../../../src/peer/clock.ts'
import { CHUNK_HELLO, MAX_SLICE_BYTES } from '../../../src/peer/exchange/chunk-messages.ts'
import type { ChunkSession } from '../../../src/peer/exchange/chunk-session.ts'
import { abortable } from '../../../src/peer/exchange/deadline.ts'
import { openChunkSession } from '../../../src/peer/exchange/open-chunk-session.ts'
import { openAsResponder } from '../../../src/peer/exchange/opening.ts'
import { TokenBucket } from '../../../src/peer/exchange/token-bucket.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import type { Message } from '../../../src/peer/wire/frame-codec.ts'
import { CLIENT_ID, patience, SERVER_ID } from './exchange-pair.ts'
import { FakeVideo } from './fake-video.ts'
import { RawClient } from './raw-client.ts'
import { MuxerPair } from './stream-pair.ts'
import { settle, VirtualClock } from './virtual-clock.ts'

const VIDEO = new FakeVideo('session', 8, 1000)
const HAVE: Message = { type: 'have', count: 8, bits: Uint8Array.of(0xff) }

interface Setting {
  session: ChunkSession
  /** The serving end, under the test's control, after the opening and HAVE. */
  server: RawClient
  muxers: MuxerPair
  /** The asking end. */
  dialled: Stream
}

async function setUp(clock: Clock = systemClock, limit = 0, first: Message = HAVE): Promise<Setting> {
  const muxers = new MuxerPair()
  const [dialled, accepted] = await muxers.open()
  const server = new RawClient(accepted)
  const serving = openAsResponder(
    {
      channel: server.channel,
      hello: CHUNK_HELLO,
      ownPeerId: SERVER_ID,
      remotePeerId: CLIENT_ID,
      random: systemRandom
    },
    () => VIDEO,
    patience()
  ).then(() => server.send(first))
  const opening = openChunkSession(
    {
      openStream: async () => dialled,
      target: { peerId: SERVER_ID, addresses: [] },
      secrets: VIDEO.secrets,
      ownPeerId: CLIENT_ID,
      downloadLimiter: new TokenBucket(limit, clock),
      clock,
      random: systemRandom
    },
    patience()
  )
  const [session] = await Promise.all([opening, serving])
  return { session, server, muxers, dialled }
}

function request(session: ChunkSession, index = 0, length = 1000): Promise<Uint8Array> {
  return session.request(index, length, { signal: patience() })
}

describe('chunk session with a server that misbehaves', () => {
  it('rejects slices out of order, empty, too long, or ended too early or too late', async () => {
    const slices: Message[] = [
      { offset: 1, data: new Uint8Array(999), last: true },
      { offset: 0, data: new Uint8Array(0) },
      { offset: 0, data: new Uint8Array(1001), last: true },
      { offset: 0, data: new Uint8Array(999), last: true },
      { offset: 0, data: new Uint8Array(1000) }
    ]
    const { session, server } = await setUp()
    for (const slice of slices) {
      const answer = request(session)
      const { request: number } = await server.receive()
      await server.send({ type: 'slice', request: number, ...slice })
      await assert.rejects(answer, { code: 'CHUNK_INVALID' })
      assert.deepEqual(await server.receive(), { type: 'cancel', request: number })
    }
    assert.equal(session.closed, false)
  })

  it('drops what comes for a cancelled request', async () => {
    const { session, server } = await setUp()
    const cancelling = new AbortController()
    const cancelled = session.request(0, 1000, { signal: cancelling.signal })
    const { request: number } = await server.receive()
    cancelling.abort(new Error('seek'))
    await assert.rejects(cancelled, /seek/)
    await server.send({ type: 'slice', request: number, offset: 0, data: new Uint8Array(1000), last: true })
    const next = request(session, 1)
    assert.equal((await server.receive()).type, 'cancel')
    const { request: nextNumber } = await server.receive()
    await server.send({
      type: 'slice',
      request: nextNumber,
      offset: 0,
      data: new Uint8Array(1000).fill(1),
      last: true
    })
    assert.deepEqual(new Uint8Array(await next), new Uint8Array(1000).fill(1))
  })

  const violations: [string, Message][] = [
    ['an answer to a request that was never made', { type: 'busy', request: 99, retryAfter: 1 }],
    [
      'a slice that is too long',
      { type: 'slice', request: 0, offset: 0, data: new Uint8Array(MAX_SLICE_BYTES + 1) }
    ],
    ['another number of chunks', { type: 'have', count: 7, bits: Uint8Array.of(0xfe) }],
    ['a chunk that does not exist', { type: 'have-more', indices: [8] }],
    ['a critical message that it does not know', { type: 'new', critical: ['new'] }],
    ['a load that makes no sense', { type: 'load', active: -1, limit: 0 }]
  ]
  for (const [what, message] of violations) {
    it(`ends the session after ${what}`, async () => {
      const { session, server, muxers } = await setUp()
      const closed = new Promise(resolve => session.on('closed', resolve))
      const pending = assert.rejects(request(session))
      await server.send(message)
      assert.ok(await closed)
      await pending
      assert.ok(session.closed)
      await assert.rejects(request(session), { code: 'PEER_UNREACHABLE' })
      await assert.rejects(server.receiveRest(), { code: 'PEER_UNREACHABLE' })
      assert.equal(muxers.acceptedStreams, 0)
    })
  }

  it('wants to know first what the server holds', async () => {
    await assert.rejects(setUp(systemClock, 0, { type: 'load', active: 0, limit: 1 }), {
      code: 'PROTOCOL_VIOLATION'
    })
    await assert.rejects(setUp(systemClock, 0, { type: 'have', count: 8, bits: new Uint8Array(2) }), {
      code: 'PROTOCOL_VIOLATION'
    })
    await assert.rejects(setUp(systemClock, 0, { type: 'have', count: 8.5, bits: new Uint8Array(2) }), {
      code: 'FRAME_INVALID'
    })
  })

  it('gives up a server that owes a chunk and sends nothing for a minute', async () => {
    const clock = new VirtualClock()
    const { session } = await setUp(clock)
    const outcome = assert.rejects(request(session), { code: 'TIMEOUT' })
    await clock.advance(59_999)
    assert.equal(session.closed, false)
    await clock.advance(1)
    await outcome
    assert.ok(session.closed)
  })

  it('gives up waiting for a manifest after twenty seconds, and keeps the session', async () => {
    const clock = new VirtualClock()
    const { session, server } = await setUp(clock)
    const outcome = assert.rejects(session.manifest(patience()), { code: 'TIMEOUT' })
    await server.receive()
    await clock.advance(20_000)
    await outcome
    assert.equal((await server.receive()).type, 'cancel')
    assert.equal(session.closed, false)
  })

  it('does not take its own download limit for silence of the server', async () => {
    const clock = new VirtualClock()
    const { session, server } = await setUp(clock, 1000)
    const limited = request(session, 0, 66_000)
    const { request: number } = await server.receive()
    await server.send({ type: 'slice', request: number, offset: 0, data: new Uint8Array(65_536) })
    await server.send({
      type: 'slice',
      request: number,
      offset: 65_536,
      data: new Uint8Array(464),
      last: true
    })
    const before = session.lastByteAt
    await settled(() => session.lastByteAt)
    await clock.advance(400)
    assert.ok(session.lastByteAt > before)
    await clock.advance(200)
    assert.equal((await limited).length, 66_000)
  })

  it('under a low limit asks for little at once, but for one chunk always', async () => {
    const { session } = await setUp(systemClock, 100_000)
    assert.ok(session.canRequest(2_000_000))
    request(session, 0, 40_000).catch(() => undefined)
    assert.ok(session.canRequest(10_000))
    assert.equal(session.canRequest(10_001), false)
    await session.close()
  })

  it('does not wait for a server that takes nothing when it is closed', async () => {
    const clock = new VirtualClock()
    const { session, dialled } = await setUp(clock)
    dialled.close = options => abortable(new Promise(() => undefined), options?.signal ?? patience())
    const pending = request(session)
    let isClosed = false
    const closing = session.close().then(() => {
      isClosed = true
    })
    await assert.rejects(pending, { code: 'ABORTED' })
    assert.ok(session.closed)
    assert.equal(isClosed, false, 'what it sent is stuck')
    await clock.advance(200)
    await closing
    assert.equal(dialled.status, 'aborted')
  })

  it('cuts a server that does not end its half', async () => {
    const clock = new VirtualClock()
    const { session, muxers } = await setUp(clock)
    await session.close()
    await settle()
    assert.equal(muxers.acceptedStreams, 1)
    await clock.advance(2_000)
    await settled(() => muxers.acceptedStreams)
    assert.equal(muxers.acceptedStreams, 0)
  })
})

async function settled(measure: () => number): Promise<void> {
  for (let before = Number.NaN; before !== measure(); ) {
    before = measure()
    await new Promise(resolve => setTimeout(resolve, 30))
  }
}
