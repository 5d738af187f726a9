import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { systemClock } from '../../../src/peer/clock.ts'
import { TokenBucket } from '../../../src/peer/exchange/token-bucket.ts'
import { encodeFrame } from '../../../src/peer/wire/frame-codec.ts'
import type { Hello } from '../../../src/peer/wire/hello.ts'
import { ExchangePair, patience } from './exchange-pair.ts'
import { FakeVideo } from './fake-video.ts'
import { RawClient } from './raw-client.ts'
import { VirtualClock } from './virtual-clock.ts'

const KIB = 1024

async function openClient(pair: ExchangePair, video: FakeVideo, hello?: Hello): Promise<RawClient> {
  const client = new RawClient(await pair.dial())
  await client.open(video.secrets, hello)
  return client
}

describe('chunk server', () => {
  it('sends slices of at most 64 KiB, in order, the last one marked', async () => {
    const video = new FakeVideo('slices', 1, 150 * KIB)
    const client = await openClient(new ExchangePair([video]), video)
    await client.send({ type: 'want', request: 5, index: 0 })
    const slices = [await client.receiveAnswer(), await client.receiveAnswer(), await client.receiveAnswer()]
    assert.deepEqual(
      slices.map(({ request, offset, data, last }) => [request, offset, (data as Uint8Array).length, last]),
      [
        [5, 0, 64 * KIB, undefined],
        [5, 64 * KIB, 64 * KIB, undefined],
        [5, 128 * KIB, 22 * KIB, true]
      ]
    )
  })

  const sliceLimits: [string, Record<string, number>, number[]][] = [
    ['the limit of its HELLO', { slice: 100 * KIB }, [100, 100]],
    ['64 KiB without one', {}, [64, 64, 64, 8]],
    ['what everybody must take if it asks for less', { slice: 1 }, [32, 32, 32, 32, 32, 32, 8]]
  ]
  for (const [what, limits, expected] of sliceLimits) {
    it(`sends slices to a quick peer up to ${what}`, async () => {
      const video = new FakeVideo('quick', 2, 200 * KIB)
      // No time passes: nobody takes slices quicker.
      const pair = new ExchangePair([video], { clock: new VirtualClock() })
      const client = await openClient(pair, video, { versions: [1], features: [], limits })
      await client.send({ type: 'want', request: 0, index: 0 })
      while (!(await client.receiveAnswer()).last);
      await client.send({ type: 'want', request: 1, index: 1 })
      for (const length of expected) {
        assert.equal(((await client.receiveAnswer()).data as Uint8Array).length, length * KIB)
      }
    })
  }

  it('sends smaller slices under a low upload limit', async () => {
    const video = new FakeVideo('small slices', 1, 40 * KIB)
    const uploadLimiter = new TokenBucket(512 * KIB, systemClock)
    const client = await openClient(new ExchangePair([video], { uploadLimiter }), video)
    await client.send({ type: 'want', request: 0, index: 0 })
    assert.equal(((await client.receiveAnswer()).data as Uint8Array).length, 32 * KIB)
  })

  it('ignores messages of a later version, unless they are critical', async () => {
    const video = new FakeVideo('later version', 1, 1000)
    const pair = new ExchangePair([video])
    const client = await openClient(pair, video)
    await client.send({ type: 'super-seed', rarity: 3 })
    await client.send({ type: 'manifest-request', request: 1, fields: 'unknown' })
    assert.equal((await client.receiveAnswer()).type, 'manifest')
    await client.send({ type: 'super-seed', critical: ['super-seed'] })
    await assert.rejects(client.receiveRest(), { code: 'PEER_UNREACHABLE' })
    await Promise.all(pair.handled)
  })

  const violations: [string, Parameters<RawClient['send']>[0]][] = [
    ['an index that no video has', { type: 'want', request: 0, index: 32_768 }],
    ['a negative index', { type: 'want', request: 0, index: -1 }],
    ['a request number that is no number', { type: 'want', request: 'a', index: 0 }],
    ['a message without a type', { request: 0, index: 0 }],
    ['more leaves than fit a page', { type: 'leaves-request', request: 0, first: 0, count: 2049 }],
    ['a set of chunks of another video', { type: 'have', count: 9, bits: new Uint8Array(2) }],
    ['a chunk that does not exist', { type: 'have-more', indices: [2] }]
  ]
  for (const [what, message] of violations) {
    it(`cuts off a peer that sends ${what}`, async () => {
      const video = new FakeVideo('violations', 2, 1000)
      const pair = new ExchangePair([video])
      const client = await openClient(pair, video)
      await client.send(message)
      await assert.rejects(client.receiveRest(), { code: 'PEER_UNREACHABLE' })
      await Promise.all(pair.handled)
      assert.equal(pair.muxers.acceptedStreams, 0)
    })
  }

  it('cuts off a peer that uses one request number twice', async () => {
    const video = new FakeVideo('twice', 2, 1000)
    video.onRead = () => new Promise(() => undefined)
    const pair = new ExchangePair([video])
    const client = await openClient(pair, video)
    await client.send({ type: 'want', request: 0, index: 0 })
    await client.send({ type: 'want', request: 0, index: 1 })
    await assert.rejects(client.receiveRest(), { code: 'PEER_UNREACHABLE' })
    await Promise.all(pair.handled)
    assert.equal(await pair.transfersUnderWay(video), 0)
  })

  it('cuts off a peer whose frame is too long before its body comes', async () => {
    const video = new FakeVideo('oversize', 1, 1000)
    const pair = new ExchangePair([video])
    const client = await openClient(pair, video)
    client.stream.send(Uint8Array.of(0x7f, 0xff, 0xff, 0xff))
    await assert.rejects(client.receiveRest(), { code: 'PEER_UNREACHABLE' })
    await Promise.all(pair.handled)
  })

  it('ends a stream that stops in the middle of a frame', async () => {
    const video = new FakeVideo('truncated', 1, 1000)
    const pair = new ExchangePair([video])
    const client = await openClient(pair, video)
    client.stream.send(encodeFrame({ type: 'manifest-request', request: 0 }).subarray(0, 9))
    await client.stream.close()
    await Promise.all(pair.handled)
    assert.equal(pair.muxers.acceptedStreams, 0)
  })

  it('does not read on for a peer that takes nothing, and gives it up after a minute', async () => {
    const video = new FakeVideo('stalled', 8, 2048 * KIB)
    const clock = new VirtualClock()
    const pair = new ExchangePair([video], { clock })
    const client = await openClient(pair, video)
    client.stream.pause()
    for (let index = 0; index < 8; index++) await client.send({ type: 'want', request: index, index })
    await stable(() => pair.uploads.length)
    const sent = pair.uploads.reduce((total, bytes) => total + bytes, 0)
    assert.ok(sent <= 2048 * KIB, `${sent} bytes were sent to a peer that reads nothing`)
    assert.deepEqual(video.reads, [0, 1])
    await clock.advance(60_000)
    await Promise.all(pair.handled)
    assert.equal(await pair.transfersUnderWay(video), 0)
    assert.equal(pair.muxers.acceptedStreams, 0)
  })

  it('gives up a peer that is silent for five minutes, but not while it waits for a chunk', async () => {
    const video = new FakeVideo('silent', 1, 1000)
    let release = (): void => undefined
    video.onRead = () =>
      new Promise(resolve => {
        release = resolve
      })
    const clock = new VirtualClock()
    const pair = new ExchangePair([video], { clock })
    const client = await openClient(pair, video)
    await client.send({ type: 'want', request: 0, index: 0 })
    await stable(() => video.reads.length)
    await clock.advance(600_000)
    release()
    assert.equal((await client.receiveAnswer()).type, 'slice')
    await clock.advance(600_000)
    await Promise.all(pair.handled)
    assert.equal(pair.muxers.acceptedStreams, 0)
  })

  it('keeps the upload limit over all peers, and shares it between them in turn', async () => {
    const video = new FakeVideo('fair', 16, 256 * KIB)
    const clock = new VirtualClock()
    const bytes = new Map<string, number>()
    const pair = new ExchangePair([video], {
      clock,
      uploadLimiter: new TokenBucket(1024 * KIB, clock),
      onUploaded: (peerId, _digest, count) => bytes.set(peerId, (bytes.get(peerId) ?? 0) + count)
    })
    const total = (): number => [...bytes.values()].reduce((sum, count) => sum + count, 0)
    // One peer asks for eight chunks over two streams, another for three.
    const clients = [
      ['QmGreedy', [0, 1, 2, 3]],
      ['QmGreedy', [4, 5, 6, 7]],
      ['QmModest', [8, 9, 10]]
    ] as const
    for (const [peerId, indices] of clients) {
      pair.clientId = peerId
      const session = await pair.session(video)
      for (const index of indices) {
        session.request(index, 256 * KIB, { signal: patience() }).catch(() => undefined)
      }
    }
    await stable(total)
    for (let quarters = 0; quarters < 4; quarters++) {
      assert.ok(total() <= quarters * 256 * KIB + 128 * KIB, `${total()} bytes after ${quarters / 4} s`)
      for (let step = 0; step < 250; step += 10) {
        await clock.advance(10)
        await new Promise(resolve => setImmediate(resolve))
      }
      await stable(total)
    }
    assert.ok(total() >= 896 * KIB, `only ${total()} bytes in one second`)
    const [greedy, modest] = [bytes.get('QmGreedy') ?? 0, bytes.get('QmModest') ?? 0]
    assert.ok(Math.abs(greedy - modest) <= 192 * KIB, `${greedy} and ${modest} bytes`)
    pair.server.stop()
    await Promise.all(pair.handled)
  })
})

/** Waits until a number has not changed for a while. */
async function stable(measure: () => number): Promise<void> {
  for (let before = Number.NaN; before !== measure(); ) {
    before = measure()
    await new Promise(resolve => setTimeout(resolve, 30))
  }
}
