import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { verifyLeaves } from '../../../src/peer/content/merkle-tree.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { BusyError } from '../../../src/peer/exchange/busy-error.ts'
import { MAX_IN_FLIGHT_BYTES } from '../../../src/peer/exchange/chunk-session.ts'
import { CLIENT_ID, ExchangePair, patience } from './exchange-pair.ts'
import { FakeVideo } from './fake-video.ts'

const KIB = 1024
const CHUNK = 256 * KIB + 16

describe('chunk exchange', () => {
  it('brings manifest, leaves and every chunk across', async () => {
    const video = new FakeVideo('round trip', 10, CHUNK)
    const pair = new ExchangePair([video])
    const session = await pair.session(video)
    assert.ok(session.have.isFull)
    assert.deepEqual(Buffer.from(await session.manifest(patience())), Buffer.from(video.manifest))
    assert.ok(verifyLeaves(await session.leaves(10, patience()), 10, video.root))
    const received = await Promise.all(
      video.chunks.slice(0, 8).map((_, index) => session.request(index, CHUNK, { signal: patience() }))
    )
    assert.deepEqual(
      received.map(chunk => Buffer.from(chunk)),
      video.chunks.slice(0, 8)
    )
    assert.equal(sum(pair.uploads), 8 * CHUNK)
    assert.ok(session.canRequest(MAX_IN_FLIGHT_BYTES + 1), 'nothing is in flight')
    await session.close()
    await Promise.all(pair.handled)
    assert.equal(pair.muxers.acceptedStreams, 0)
    assert.equal(await pair.transfersUnderWay(video), 0)
    assert.equal(video.listeners, 0)
  })

  it('brings the leaves of a large video in pages', async () => {
    const video = new FakeVideo('pages', 5000, 17)
    const session = await new ExchangePair([video]).session(video)
    assert.ok(verifyLeaves(await session.leaves(5000, patience()), 5000, video.root))
    await session.close()
  })

  it('refuses a number of leaves that is not the promised one', async () => {
    const video = new FakeVideo('too few leaves', 3, 17)
    const session = await new ExchangePair([video]).session(video)
    await assert.rejects(session.leaves(4, patience()), { code: 'LEAVES_INVALID' })
    await session.close()
  })

  it('serves the smallest chunk there is', async () => {
    const video = new FakeVideo('one byte', 1, 17)
    const session = await new ExchangePair([video]).session(video)
    assert.deepEqual(Buffer.from(await session.request(0, 17, { signal: patience() })), video.chunks[0])
    await session.close()
  })

  it('tells progress of each chunk and bytes of the session', async () => {
    const video = new FakeVideo('progress', 1, 200 * KIB)
    let bytes = 0
    const session = await new ExchangePair([video]).session(video, { onReceived: count => (bytes += count) })
    const steps: number[] = []
    await session.request(0, 200 * KIB, { signal: patience(), onProgress: received => steps.push(received) })
    assert.deepEqual(steps, [64 * KIB, 128 * KIB, 192 * KIB, 200 * KIB])
    assert.equal(bytes, 200 * KIB)
    await session.close()
  })

  it('rejects a chunk that comes out longer or shorter than the manifest says', async () => {
    const video = new FakeVideo('wrong length', 2, 100 * KIB)
    const session = await new ExchangePair([video]).session(video)
    for (const claimed of [100 * KIB - 1, 100 * KIB + 1, 64 * KIB, 10]) {
      await assert.rejects(session.request(0, claimed, { signal: patience() }), { code: 'CHUNK_INVALID' })
    }
    assert.equal((await session.request(1, 100 * KIB, { signal: patience() })).length, 100 * KIB)
    await session.close()
  })

  it('gives back the bytes of each slice once they are copied', async () => {
    const video = new FakeVideo('released', 1, CHUNK)
    const released: number[] = []
    const session = await new ExchangePair([video]).session(video, {
      release: bytes => released.push(bytes.length)
    })
    const chunk = await session.request(0, CHUNK, { signal: patience() })
    assert.deepEqual(Buffer.from(chunk), Buffer.from(video.chunks[0] ?? []))
    const total = released.reduce((sum, bytes) => sum + bytes, 0)
    assert.equal(total, CHUNK)
    session.recycle(chunk)
    await session.close()
  })

  it('stops sending between two slices when a request is cancelled', async () => {
    const video = new FakeVideo('cancel', 2, 2048 * KIB)
    const pair = new ExchangePair([video])
    const session = await pair.session(video)
    const cancelling = new AbortController()
    const request = session.request(0, 2048 * KIB, {
      signal: cancelling.signal,
      onProgress: () => cancelling.abort(new PeerError('ABORTED', 'seek'))
    })
    await assert.rejects(request, { code: 'ABORTED' })
    assert.ok(session.canRequest(MAX_IN_FLIGHT_BYTES + 1), 'nothing is in flight')
    const next = await session.request(1, 2048 * KIB, { signal: patience() })
    assert.deepEqual(Buffer.from(next), video.chunks[1])
    const wasted = sum(pair.uploads) - 2048 * KIB
    assert.ok(wasted < 1536 * KIB, `${wasted} bytes were sent of a chunk that nobody wanted`)
    await session.close()
  })

  it('answers BUSY beyond its bounds instead of queueing, and serves again afterwards', async () => {
    const video = new FakeVideo('busy', 4, 1000)
    let release = (): void => undefined
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    video.onRead = () => gate
    const pair = new ExchangePair([video], { limits: { maxTransfers: 50, perPeer: 2 } })
    const session = await pair.session(video)
    const accepted = [0, 1].map(index => session.request(index, 1000, { signal: patience() }))
    const refused = await session.request(2, 1000, { signal: patience() }).catch((error: unknown) => error)
    assert.ok(refused instanceof BusyError)
    assert.ok(refused.retryAfter >= 100)
    const other = await pair.session(video)
    await other.manifest(patience())
    assert.deepEqual(other.load, { active: 2, limit: 50 })
    await other.close()
    release()
    await Promise.all(accepted)
    await session.request(2, 1000, { signal: patience() })
    await session.close()
  })

  it('bounds transfers over all peers together', async () => {
    const video = new FakeVideo('busy for all', 2, 1000)
    let release = (): void => undefined
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    video.onRead = () => gate
    const pair = new ExchangePair([video], { limits: { maxTransfers: 1, perPeer: 8 } })
    const first = await pair.session(video)
    pair.clientId = 'QmOther'
    const second = await pair.session(video)
    const served = first.request(0, 1000, { signal: patience() })
    await first.manifest(patience())
    await assert.rejects(second.request(1, 1000, { signal: patience() }), { code: 'BUSY' })
    release()
    await served
    await Promise.all([first.close(), second.close()])
  })

  it('says so when a chunk is not there, or its file has changed', async () => {
    const video = new FakeVideo('stale', 3, 1000, Bitfield.fromRanges(3, [[0, 2]]))
    video.onRead = async index => {
      if (index === 1) throw new PeerError('FILE_CHANGED', 'changed')
    }
    const session = await new ExchangePair([video]).session(video)
    await assert.rejects(session.request(2, 1000, { signal: patience() }), { code: 'CHUNK_UNAVAILABLE' })
    await assert.rejects(session.request(1, 1000, { signal: patience() }), {
      code: 'CHUNK_UNAVAILABLE',
      message: /file has changed/
    })
    assert.equal((await session.request(0, 1000, { signal: patience() })).length, 1000)
    await session.close()
  })

  it('tells what it gains while the session lasts, both ways', async () => {
    const theirs = new FakeVideo('gains', 9, 1000, new Bitfield(9))
    const ours = new FakeVideo('gains', 9, 1000, Bitfield.fromRanges(9, [[3, 5]]))
    const pair = new ExchangePair([theirs])
    const session = await pair.session(theirs, { chunkCount: 9 })
    assert.equal(session.have.size, 0)
    const gained = new Promise<readonly number[]>(resolve => session.on('have', resolve))
    session.reportHave(ours)
    theirs.gain(7)
    theirs.gain(8)
    assert.deepEqual(await gained, [7, 8])
    assert.deepEqual([...session.have], [7, 8])
    ours.gain(0)
    await until(() => pair.peerHaves.length === 2)
    assert.deepEqual(pair.peerHaves, [`${CLIENT_ID} 3,4`, `${CLIENT_ID} 0,3,4`])
    await session.close()
    assert.equal(ours.listeners, 0)
  })

  it('keeps what is in flight on one stream within its bound', async () => {
    const video = new FakeVideo('bound', 4, 1024 * KIB)
    const session = await new ExchangePair([video]).session(video)
    const requests = [0, 1, 2].map(index => session.request(index, 1024 * KIB, { signal: patience() }))
    assert.equal(session.canRequest(1), false)
    await assert.rejects(session.request(3, 1024 * KIB, { signal: patience() }), { code: 'INTERNAL' })
    await Promise.all(requests)
    assert.equal(session.canRequest(2048 * KIB), true)
    await session.close()
  })

  it('refuses a peer that holds another number of chunks than the video has', async () => {
    const video = new FakeVideo('count', 4, 1000)
    const pair = new ExchangePair([video])
    await assert.rejects(pair.session(video, { chunkCount: 5 }), { code: 'PROTOCOL_VIOLATION' })
    await Promise.all(pair.handled)
  })

  it('ends its sessions when a video is withdrawn or the connection breaks', async () => {
    const video = new FakeVideo('withdrawn', 2, 1000)
    video.onRead = () => new Promise(() => undefined)
    const pair = new ExchangePair([video])
    const withdrawn = await pair.session(video)
    const pending = withdrawn.request(0, 1000, { signal: patience() })
    await withdrawn.manifest(patience())
    pair.server.withdraw(video.digest)
    await assert.rejects(pending, { code: 'PEER_UNREACHABLE' })
    assert.ok(withdrawn.closed)
    assert.equal(await pair.transfersUnderWay(video), 0)

    const cut = await pair.session(video)
    const closed = new Promise(resolve => cut.on('closed', resolve))
    pair.muxers.abort()
    assert.ok((await closed) instanceof PeerError)
    await assert.rejects(cut.request(0, 1000, { signal: patience() }), { code: 'PEER_UNREACHABLE' })
    await Promise.all(pair.handled)
  })
})

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise(resolve => setTimeout(resolve, 5))
}
