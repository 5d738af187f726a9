import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import { makeAnnounceKey, startPeer, type TestPeer } from './libp2p-peer.ts'

const SIGNAL = () => AbortSignal.timeout(20_000)

async function waitUntil(peer: TestPeer, isTrue: () => boolean): Promise<void> {
  if (isTrue()) return
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not reached: ${JSON.stringify(peer.services.chord.snapshot())}`)),
      15_000
    )
    const unsubscribe = peer.services.chord.events.on('ring', () => {
      if (!isTrue()) return
      clearTimeout(timer)
      unsubscribe()
      resolve()
    })
  })
}

describe('Chord over libp2p on loopback', function () {
  this.timeout(60_000)
  const peers: TestPeer[] = []

  async function join(via: TestPeer | undefined, init = {}): Promise<TestPeer> {
    const peer = await startPeer(init)
    peers.push(peer)
    await peer.services.chord.join(via ? via.getMultiaddrs() : [], { signal: SIGNAL() })
    return peer
  }

  afterEach(async () => {
    await Promise.all(peers.splice(0).map(peer => peer.stop()))
  })

  it('makes five peers one ring in which each finds what any published', async () => {
    const first = await join(undefined)
    assert.equal(first.services.chord.role, 'member')
    for (let count = 1; count < 5; count++) await join(first)
    for (const peer of peers) {
      await waitUntil(peer, () => peer.services.chord.snapshot().successors.length === 4)
      assert.equal(peer.services.chord.role, 'member')
      assert.equal(peer.services.chord.snapshot().estimatedSize, 5)
    }
    const announceKey = await makeAnnounceKey()
    const publication = peers[2]!.services.chord.publish({ announceKey, chunkCount: 10, ranges: [[0, 10]] })
    await publication.settled(SIGNAL())
    for (const peer of peers) {
      const [record, ...others] = await peer.services.chord.findProviders(announceKey.dhtKey, {
        signal: SIGNAL()
      })
      assert.equal(others.length, 0)
      assert.equal(record?.provider.toString(), peers[2]!.peerId.toString())
      assert.deepEqual(record?.ranges, [[0, 10]])
      assert.deepEqual(record?.addresses, peers[2]!.getMultiaddrs().map(String))
    }
    const cid = CID.createV1(raw.code, createDigest(0x12, announceKey.dhtKey))
    const found = []
    for await (const provider of peers[4]!.contentRouting.findProviders(cid))
      found.push(provider.id.toString())
    assert.deepEqual(found, [peers[2]!.peerId.toString()])
    const info = await peers[1]!.peerRouting.findPeer(peers[3]!.peerId)
    assert.deepEqual(info.multiaddrs.map(String), peers[3]!.getMultiaddrs().map(String))
  })

  it('keeps records when peers leave or crash, and forgets what was withdrawn', async () => {
    const first = await join(undefined)
    for (let count = 1; count < 6; count++) await join(first)
    for (const peer of peers)
      await waitUntil(peer, () => peer.services.chord.snapshot().successors.length === 5)
    const announceKey = await makeAnnounceKey()
    const publication = first.services.chord.publish({ announceKey, chunkCount: 3, ranges: [[0, 1]] })
    await publication.settled(SIGNAL())
    await peers[1]!.services.chord.leave(SIGNAL())
    await peers[2]!.stop()
    await peers[3]!.stop()
    for (const peer of [first, peers[4]!, peers[5]!]) {
      await waitUntil(peer, () => peer.services.chord.snapshot().successors.length === 2)
    }
    const late = await join(peers[5])
    const [record] = await late.services.chord.findProviders(announceKey.dhtKey, { signal: SIGNAL() })
    assert.equal(record?.provider.toString(), first.peerId.toString())
    await publication.withdraw()
    assert.deepEqual(await late.services.chord.findProviders(announceKey.dhtKey, { signal: SIGNAL() }), [])
  })

  it('lets a client publish and find through members without listing it', async () => {
    const first = await join(undefined)
    const second = await join(first)
    const client = await join(first, { stay: false })
    assert.equal(client.services.chord.role, 'client')
    const announceKey = await makeAnnounceKey()
    await client.services.chord.publish({ announceKey, chunkCount: 1, ranges: [[0, 1]] }).settled(SIGNAL())
    assert.equal(
      (await second.services.chord.findProviders(announceKey.dhtKey, { signal: SIGNAL() })).length,
      1
    )
    assert.equal(first.services.chord.snapshot().successors.length, 1)
  })

  it('looks up through a link’s peer without joining its ring', async () => {
    const owner = await join(undefined)
    const announceKey = await makeAnnounceKey()
    await owner.services.chord
      .publish({ announceKey, chunkCount: 1, ranges: [[0, 1]] })
      .acknowledged(SIGNAL())
    const stranger = await join(undefined)
    await stranger.dial(owner.getMultiaddrs())
    const through = [owner.peerId]
    const found = await stranger.services.chord.findProviders(announceKey.dhtKey, {
      signal: SIGNAL(),
      through
    })
    assert.equal(found.length, 1)
    assert.deepEqual(stranger.services.chord.snapshot().successors, [])
    assert.deepEqual(owner.services.chord.snapshot().successors, [])
  })

  it('merges two rings that meet', async () => {
    const left = await join(undefined)
    const right = await join(undefined)
    await join(left)
    await join(right)
    await left.dial(right.getMultiaddrs())
    left.services.chord.meet(right.peerId)
    for (const peer of peers)
      await waitUntil(peer, () => peer.services.chord.snapshot().successors.length === 3)
  })

  it('starts a ring of one when the only bootstrap address is its own', async () => {
    for (const withPeerId of [true, false]) {
      const peer = await startPeer()
      peers.push(peer)
      const own = peer.getMultiaddrs().map(address => (withPeerId ? address : address.decapsulate('/p2p')))
      await peer.services.chord.join(own, { signal: SIGNAL() })
      assert.equal(peer.services.chord.role, 'member')
      assert.deepEqual(peer.services.chord.snapshot().successors, [])
    }
  })

  it('merges with a peer that was found while it was joining', async () => {
    const first = await join(undefined)
    const second = await startPeer()
    peers.push(second)
    await second.dial(first.getMultiaddrs())
    second.services.chord.meet(first.peerId)
    await second.services.chord.join([], { signal: SIGNAL() })
    await waitUntil(second, () => second.services.chord.snapshot().successors.length === 1)
  })

  it('says for each bootstrap address why it did not help', async () => {
    const peer = await startPeer()
    peers.push(peer)
    const address = multiaddr('/ip4/127.0.0.1/tcp/1')
    await assert.rejects(peer.services.chord.join([address], { signal: SIGNAL() }), {
      code: 'BOOTSTRAP_UNREACHABLE',
      message: /\/ip4\/127\.0\.0\.1\/tcp\/1: .*ECONNREFUSED/
    })
  })
})
