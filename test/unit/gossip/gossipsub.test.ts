import assert from 'node:assert/strict'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { systemClock } from '../../../src/peer/clock.ts'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { Gossip } from '../../../src/peer/gossip/gossip.ts'
import { GossipsubPubsub } from '../../../src/peer/gossip/gossipsub-pubsub.ts'
import { RelayBlame } from '../../../src/peer/gossip/relay-blame.ts'
import type { GossipedVideo } from '../../../src/peer/gossip/video-gossip.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { eventually } from '../../harness/eventually.ts'
import { HINT_KEY } from './sample-hint.ts'

/** More peers at one address than gossipsub's score allows by default, and than fit in one peer's mesh. */
const PEERS = 18
const TOPIC = '/chordcast/video/1/test'

interface GossipPeer {
  node: Libp2p
  pubsub: GossipsubPubsub
  gossip: Gossip
  blame: RelayBlame
  heard: Map<string, number>
}

async function startPeer(have?: Bitfield): Promise<GossipPeer> {
  const blame = new RelayBlame(systemClock)
  const pubsub = new GossipsubPubsub(blame)
  const node = await createLibp2p({
    // Ed25519: making RSA keys would take most of the test's time.
    privateKey: await generateKeyPair('Ed25519'),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [tls()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 100 },
    services: { identify: identify(), pubsub: pubsub.service }
  })
  const gossip = new Gossip({
    pubsub,
    ownPeerId: node.peerId.toString(),
    addresses: () => node.getMultiaddrs().map(String),
    load: () => ({ active: 0, limit: 50 }),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger
  })
  const heard = new Map<string, number>()
  gossip.listen(videoWith(have), {
    found: ({ peerId }) => heard.set(peerId, performance.now()),
    gone: peerId => heard.delete(peerId)
  })
  return { node, pubsub, gossip, blame, heard }
}

function videoWith(have?: Bitfield): GossipedVideo {
  return { digest: 'a', topic: TOPIC, hintKey: HINT_KEY, have: () => have, count: () => undefined }
}

function becomesTrue(what: string, condition: () => boolean): Promise<true> {
  return eventually(what, 10_000, async () => condition() || undefined)
}

describe('Gossip over real connections', function () {
  this.timeout(30_000)
  const peers: GossipPeer[] = []
  let hub: GossipPeer
  const have = new Bitfield(100)

  before(async () => {
    peers.push(...(await Promise.all(Array.from({ length: PEERS }, () => startPeer(have)))))
    hub = peers[0]!
    // One after another: TLS handshakes at once would time out on a busy machine.
    for (const [position, { node }] of peers.slice(1).entries()) {
      await node.dial(hub.node.getMultiaddrs())
      if (position > 0) await node.dial(peers[position]!.node.getMultiaddrs())
    }
    await becomesTrue('everybody is in the mesh', () =>
      peers.every(({ gossip }) => gossip.snapshot().meshPeers > 0)
    )
  })

  after(async () => {
    await Promise.all(peers.map(({ node }) => node.stop()))
  })

  it('a hint reaches everybody within 2 s, with eighteen peers at one address', async () => {
    const author = peers.at(-1)!
    const id = author.node.peerId.toString()
    have.add(7)
    const startedAt = performance.now()
    author.gossip.gained(videoWith(have))
    const others = peers.filter(peer => peer !== author)
    await becomesTrue('all hear it', () => others.every(({ heard }) => heard.has(id)))
    const slowest = Math.max(...others.map(({ heard }) => heard.get(id)!)) - startedAt
    assert.ok(slowest < 2_000, `${slowest} ms`)
  })

  it('a departure reaches everybody', async () => {
    const leaver = peers.at(-2)!
    const id = leaver.node.peerId.toString()
    leaver.gossip.gained(videoWith(have))
    const others = peers.filter(peer => peer !== leaver)
    await becomesTrue('all hear it', () => others.every(({ heard }) => heard.has(id)))
    await leaver.gossip.leave('a')
    await becomesTrue('all hear the good-bye', () => others.every(({ heard }) => !heard.has(id)))
  })

  it('who sees the topic without knowing the ID is not passed on, and soon not listened to', async () => {
    const stranger = await startPeer()
    peers.push(stranger)
    const id = stranger.node.peerId.toString()
    await stranger.node.dial(hub.node.getMultiaddrs())
    await becomesTrue('the stranger is in the mesh', () => stranger.pubsub.meshPeers(TOPIC).size > 0)
    const witness = peers[1]!.gossip.snapshot()
    for (let count = 0; count < 30; count++) {
      await stranger.pubsub.publish(TOPIC, systemRandom.bytes(100))
    }
    await becomesTrue('the stranger is blamed', () => hub.blame.of(id) >= 8)
    await becomesTrue('it is out of the mesh', () => !hub.pubsub.meshPeers(TOPIC).has(id))
    assert.equal(peers[1]!.gossip.snapshot().rejected, witness.rejected)
  })
})
