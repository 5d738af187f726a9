import assert from 'node:assert/strict'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { afterEach, describe, it } from 'mocha'
import { systemClock } from '../../../src/peer/clock.ts'
import { BanList } from '../../../src/peer/exchange/ban-list.ts'
import { CHUNK_PROTOCOL } from '../../../src/peer/exchange/chunk-messages.ts'
import { ChunkServer } from '../../../src/peer/exchange/chunk-server.ts'
import type { ChunkSession } from '../../../src/peer/exchange/chunk-session.ts'
import { ConnectionPool } from '../../../src/peer/exchange/connection-pool.ts'
import { requestKey } from '../../../src/peer/exchange/key-exchange.ts'
import { KeyServer } from '../../../src/peer/exchange/key-server.ts'
import { openChunkSession } from '../../../src/peer/exchange/open-chunk-session.ts'
import { serveExchange, stopExchange } from '../../../src/peer/exchange/serve-exchange.ts'
import { TokenBucket } from '../../../src/peer/exchange/token-bucket.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { patience } from './exchange-pair.ts'
import { FakeVideo } from './fake-video.ts'

const MIB = 1024 * 1024
const UNREACHABLE = '/ip4/127.0.0.1/tcp/9'

interface LoopbackPeer {
  node: Libp2p
  pool: ConnectionPool
  bans: BanList
  chunks: ChunkServer
  keys: KeyServer
}

const started: LoopbackPeer[] = []

async function startPeer(videos: readonly FakeVideo[] = []): Promise<LoopbackPeer> {
  const bans = new BanList(systemClock)
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp({ dialOpts: { noDelay: true }, listenOpts: { noDelay: true } })],
    connectionEncrypters: [tls()],
    streamMuxers: [yamux()],
    connectionGater: { ...bans.gater, denyDialMultiaddr: () => false },
    services: { identify: identify() }
  })
  const shared = {
    ownPeerId: node.peerId.toString(),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    videos: (digest: string) => videos.find(video => video.digest === digest)
  }
  const pool = new ConnectionPool({
    libp2p: node,
    spare: () => false,
    bans,
    clock: systemClock,
    log: silentLogger
  })
  const chunks = new ChunkServer({
    ...shared,
    uploadLimiter: new TokenBucket(0, systemClock),
    onUploaded: () => undefined
  })
  const keys = new KeyServer({ ...shared, grantFor: async (_digest, request) => request })
  await serveExchange(node, { chunks, keys, pool })
  pool.start()
  const peer = { node, pool, bans, chunks, keys }
  started.push(peer)
  return peer
}

function addressesOf(peer: LoopbackPeer): string[] {
  return peer.node.getMultiaddrs().map(address => address.toString())
}

function targetOf(peer: LoopbackPeer, addresses = addressesOf(peer)) {
  return { peerId: peer.node.peerId.toString(), addresses }
}

function sessionBetween(
  client: LoopbackPeer,
  server: LoopbackPeer,
  video: FakeVideo,
  limit = 0
): Promise<ChunkSession> {
  return openChunkSession(
    {
      openStream: (target, protocol, options) => client.pool.openStream(target, protocol, options),
      target: targetOf(server),
      secrets: video.secrets,
      ownPeerId: client.node.peerId.toString(),
      downloadLimiter: new TokenBucket(limit, systemClock),
      clock: systemClock,
      random: systemRandom
    },
    patience()
  )
}

/** Fetches `count` chunks, as many at once as the session allows. */
async function fetchAll(session: ChunkSession, video: FakeVideo, count: number): Promise<void> {
  const running = new Set<Promise<unknown>>()
  for (let index = 0; index < count; index++) {
    const length = video.chunks[index % video.chunks.length]?.length ?? 0
    while (running.size >= 8 || !session.canRequest(length)) await Promise.race(running)
    const request = session.request(index % video.chunks.length, length, {
      signal: AbortSignal.timeout(60_000)
    })
    const done = request.finally(() => running.delete(done))
    running.add(done)
  }
  await Promise.all(running)
}

describe('exchange between two nodes on loopback', function () {
  this.timeout(30_000)

  afterEach(async () => {
    for (const { node, pool, chunks, keys } of started.splice(0)) {
      pool.stop()
      await stopExchange(node, { chunks, keys })
      await node.stop()
    }
  })

  it('transfers chunks over TCP, TLS and yamux', async () => {
    const video = new FakeVideo('loopback', 64, 256 * 1024 + 16)
    const [server, client] = [await startPeer([video]), await startPeer()]
    const session = await sessionBetween(client, server, video)
    const count = 64
    const processor = process.cpuUsage()
    const startedAt = performance.now()
    await fetchAll(session, video, count)
    const seconds = (performance.now() - startedAt) / 1000
    const { user, system } = process.cpuUsage(processor)
    const mebibytes = (count * video.chunks[0]!.length) / MIB
    const rate = (mebibytes / seconds).toFixed(0)
    const cost = ((user + system) / 1000 / mebibytes).toFixed(1)
    console.log(`        ${rate} MiB/s, ${cost} ms of processor time a MiB, both ends in one process`)
    await session.close()
  })

  it('keeps a download limit within five per cent', async () => {
    const video = new FakeVideo('limited', 8, 256 * 1024 + 16)
    const [server, client] = [await startPeer([video]), await startPeer()]
    const limit = 4 * MIB
    const session = await sessionBetween(client, server, video, limit)
    const startedAt = performance.now()
    await fetchAll(session, video, 24)
    const seconds = (performance.now() - startedAt) / 1000
    const rate = (24 * (256 * 1024 + 16)) / seconds
    assert.ok(rate <= limit * 1.05, `${rate / MIB} MiB/s`)
    console.log(`        ${(rate / MIB).toFixed(2)} of ${limit / MIB} MiB/s`)
    await session.close()
  })

  it('carries key requests, over the connection that is there', async () => {
    const video = new FakeVideo('key', 1, 1000)
    const [server, client] = [await startPeer([video]), await startPeer()]
    const session = await sessionBetween(client, server, video)
    const grant = await requestKey(
      {
        openStream: (target, protocol, options) => client.pool.openStream(target, protocol, options),
        target: targetOf(server, []),
        secrets: video.secrets,
        ownPeerId: client.node.peerId.toString(),
        request: Buffer.from('key request'),
        clock: systemClock,
        random: systemRandom
      },
      patience()
    )
    assert.equal(Buffer.from(grant).toString(), 'key request')
    assert.equal(client.pool.counters.opened, 1)
    assert.equal(client.pool.counters.reused, 1)
    await session.close()
  })

  it('finds the address that answers among dead and foreign ones', async () => {
    const [server, client, foreign] = [await startPeer(), await startPeer(), await startPeer()]
    const foreignAddress = addressesOf(foreign).map(address => address.split('/p2p/')[0] ?? '')
    const addresses = [
      UNREACHABLE,
      'not an address',
      ...addressesOf(foreign),
      ...foreignAddress,
      ...addressesOf(server)
    ]
    const connection = await client.pool.connect(targetOf(server, addresses), { signal: patience() })
    assert.equal(connection.remotePeer.toString(), server.node.peerId.toString())
    await assert.rejects(
      client.pool.connect(targetOf(foreign, [UNREACHABLE, ...addressesOf(server)]), { signal: patience() }),
      { code: 'PEER_UNREACHABLE' }
    )
  })

  it('has nothing to do with banned peers, in either direction', async () => {
    const video = new FakeVideo('banned', 1, 1000)
    const [server, client] = [await startPeer([video]), await startPeer()]
    await sessionBetween(client, server, video)
    const gone = new Promise(resolve =>
      client.node.addEventListener('connection:close', resolve, { once: true })
    )
    client.bans.ban(server.node.peerId.toString(), 60_000)
    await client.node.hangUp(server.node.peerId)
    await gone
    assert.equal(client.pool.size, 0)
    await assert.rejects(client.pool.connect(targetOf(server), { signal: patience() }), {
      code: 'PEER_UNREACHABLE'
    })
    await assert.rejects(server.pool.openStream(targetOf(client), CHUNK_PROTOCOL, { signal: patience() }), {
      code: 'PEER_UNREACHABLE'
    })
  })
})
