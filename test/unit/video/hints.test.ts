import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PeerApi, VideoSnapshot } from '../../../src/peer/api.ts'
import { isComplete, LoopbackPeers, until } from './loopback-peers.ts'

const KIB = 1024
/** Chunks of 256 KiB at this rate arrive every other second. */
const SLOW = 128 * KIB

describe('Hints between peers on loopback', function () {
  this.timeout(60_000)
  let peers: LoopbackPeers
  let owner: PeerApi
  let video: VideoSnapshot
  let link: string

  before(async () => {
    peers = await LoopbackPeers.make()
    owner = await peers.open('owner')
    await owner.join([])
    const path = join(peers.folder, 'demo.mp4')
    await writeFile(path, Buffer.alloc(4_000 * KIB, 'frame'))
    video = await owner.share(path)
    link = await owner.link(video.digest)
  })

  after(async () => {
    await peers.closeAll()
  })

  it('a fetcher that knows the owner alone uses another holder within 2 s of its completion', async () => {
    // Each stands in a ring of its own, and the link names the owner: the other holder is told of by hints alone.
    const slow = await peers.open('slow', { limit: SLOW })
    await slow.join([])
    await slow.fetch(link)
    await until(slow, video.digest, ({ holders }) => holders === 1)

    const quick = await peers.open('quick')
    await quick.join([])
    await quick.fetch(link)
    await until(quick, video.digest, isComplete)
    const completedAt = performance.now()
    const { peerId } = await quick.status()
    await until(slow, video.digest, ({ holders }) => holders === 2)
    assert.ok(performance.now() - completedAt < 2_000)
    const connected = (await slow.connectedPeers()).find(peer => peer.peerId === peerId)
    assert.ok(connected?.holds.some(({ digest, have }) => digest === video.digest && have > 0))

    const { gossip } = await slow.status()
    assert.ok(gossip && gossip.accepted > 0 && gossip.rejected === 0 && gossip.topics === 1)
  })
})
