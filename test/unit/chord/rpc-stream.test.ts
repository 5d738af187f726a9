import assert from 'node:assert/strict'
import type { Stream } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import { contactOf } from '../../../src/peer/chord/contact.ts'
import { encodeRequest } from '../../../src/peer/chord/rpc/messages.ts'
import type { Handlers } from '../../../src/peer/chord/rpc/protocol.ts'
import { RequestLimiter } from '../../../src/peer/chord/rpc/request-limiter.ts'
import { StreamClient } from '../../../src/peer/chord/rpc/stream-client.ts'
import { CHORD_HELLO, StreamServer } from '../../../src/peer/chord/rpc/stream-server.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { FrameChannel } from '../../../src/peer/wire/frame-channel.ts'
import { encodeFrame } from '../../../src/peer/wire/frame-codec.ts'
import { exchangeHello } from '../../../src/peer/wire/hello.ts'
import { ManualClock } from './record-fixtures.ts'

const CALLER = { peerId: '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5' }
const INCARNATION = 77
const signal = () => AbortSignal.timeout(5_000)
const refuse = () => {
  throw new PeerError('NOT_SUPPORTED', 'Not in this test.')
}

/** Handlers that refuse everything but what is given. */
function handlersWith(given: Partial<Handlers>): Handlers {
  const names = [
    'ping',
    'neighbours',
    'notify',
    'nudge',
    'next',
    'dialBack',
    'leave',
    'store',
    'get',
    'pull',
    'digest'
  ]
  return { ...(Object.fromEntries(names.map(name => [name, refuse])) as unknown as Handlers), ...given }
}

interface Served {
  outbound: Stream
  served: Promise<void>
  heard: string[]
}

async function serve(handlers: Partial<Handlers>, clock = new ManualClock()): Promise<Served> {
  const [outbound, inbound] = await streamPair()
  const heard: string[] = []
  const components = {
    handlers: handlersWith(handlers),
    limiter: new RequestLimiter(clock),
    incarnation: INCARNATION,
    log: silentLogger,
    onHeard: (caller: { peerId: string }) => heard.push(caller.peerId)
  }
  const server = new StreamServer(components, inbound, CALLER, new AbortController().signal)
  return { outbound, served: server.serve(), heard }
}

describe('Chord RPC over a stream', () => {
  it('matches replies to requests, whatever their order, and says who it is', async () => {
    const slow = Promise.withResolvers<{ member: boolean }>()
    const { outbound, served, heard } = await serve({
      ping: () => slow.promise,
      neighbours: () => ({
        member: true,
        successors: [contactOf(CALLER.peerId, ['/ip4/10.0.0.1/tcp/1'])],
        whole: false
      })
    })
    const client = await StreamClient.open(outbound, signal())
    const first = client.request('ping', {}, signal())
    const second = await client.request('neighbours', {}, signal())
    assert.equal(second.reply.successors[0]?.peerId, CALLER.peerId)
    assert.equal(second.reply.successors[0]?.position, contactOf(CALLER.peerId, []).position)
    assert.equal(second.incarnation, INCARNATION)
    slow.resolve({ member: true })
    assert.deepEqual((await first).reply, { member: true })
    assert.deepEqual(heard, [CALLER.peerId, CALLER.peerId])
    client.close()
    await served
  })

  it('brings a refusal back as an error, and the stream goes on', async () => {
    const { outbound } = await serve({ ping: () => ({ member: false }) })
    const client = await StreamClient.open(outbound, signal())
    await assert.rejects(client.request('nudge', {}, signal()), { code: 'PROTOCOL_VIOLATION' })
    assert.deepEqual((await client.request('ping', {}, signal())).reply, { member: false })
    client.close()
  })

  it('gives up one request at its deadline, without the others', async () => {
    const { outbound } = await serve({
      nudge: () => new Promise(() => undefined),
      ping: () => ({ member: true })
    })
    const client = await StreamClient.open(outbound, signal())
    await assert.rejects(client.request('nudge', {}, AbortSignal.timeout(20)), { name: 'TimeoutError' })
    assert.deepEqual((await client.request('ping', {}, signal())).reply, { member: true })
    client.close()
  })

  it('fails what is open when the stream breaks', async () => {
    const { outbound } = await serve({ ping: () => new Promise(() => undefined) })
    const client = await StreamClient.open(outbound, signal())
    const open = client.request('ping', {}, signal())
    outbound.abort(new Error('gone'))
    await assert.rejects(open, { code: 'PEER_UNREACHABLE' })
    assert.equal(client.isUsable, false)
  })

  it('ends a stream that sends what is no request', async () => {
    for (const message of [
      { type: 'request', id: 1, method: 'explode', body: {} },
      { type: 'request', id: 1, method: 'next', body: { key: new Uint8Array(31) } },
      {
        type: 'request',
        id: 1,
        method: 'leave',
        body: { successors: [{ peerId: 'nobody', addresses: [] }] }
      },
      { type: 'request', id: -1, method: 'ping', body: {} }
    ]) {
      const { outbound, served } = await serve({ ping: () => ({ member: true }) })
      const channel = new FrameChannel(outbound, { maxFrameBytes: 4096 })
      await exchangeHello(channel, CHORD_HELLO, signal())
      outbound.send(encodeFrame(message))
      await served
      await assert.rejects(channel.receive(signal()), { code: 'PEER_UNREACHABLE' })
    }
  })

  it('answers BUSY to who asks too much, until time has passed', async () => {
    const clock = new ManualClock()
    const { outbound } = await serve({ ping: () => ({ member: true }) }, clock)
    const client = await StreamClient.open(outbound, signal())
    for (let count = 0; count < 400; count++) await client.request('ping', {}, signal())
    await assert.rejects(client.request('ping', {}, signal()), { code: 'BUSY' })
    clock.time = 20
    await client.request('ping', {}, signal())
    await assert.rejects(client.request('ping', {}, signal()), { code: 'BUSY' })
    client.close()
  })

  it('works on a bounded number of requests at a time', async () => {
    let running = 0
    let most = 0
    const release = Promise.withResolvers<void>()
    const full = Promise.withResolvers<void>()
    const { outbound } = await serve({
      ping: async () => {
        most = Math.max(most, ++running)
        if (running === 32) full.resolve()
        await release.promise
        running--
        return { member: true }
      }
    })
    const client = await StreamClient.open(outbound, signal())
    const requests = Array.from({ length: 60 }, () => client.request('ping', {}, signal()))
    await full.promise
    release.resolve()
    await Promise.all(requests)
    assert.equal(most, 32)
    client.close()
  })

  it('keeps the largest possible page within one frame', () => {
    const record = {
      signed: {
        kind: 'provider' as const,
        payload: new Uint8Array(4096),
        algorithm: 'rsa-sha256' as const,
        signature: new Uint8Array(512),
        announceSignature: new Uint8Array(512)
      },
      remaining: Number.MAX_SAFE_INTEGER
    }
    const frame = encodeFrame(
      encodeRequest(1, 'store', { records: Array.from({ length: 64 }, () => record) })
    )
    assert.ok(frame.length < 512 * 1024)
  })
})
