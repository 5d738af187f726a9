import assert from 'node:assert/strict'
import { deriveIdKeys } from '../../../src/peer/content/id-keys.ts'
import type { Holder } from '../../../src/peer/download/chunk-holder.ts'
import { Gossip } from '../../../src/peer/gossip/gossip.ts'
import { sealHint } from '../../../src/peer/gossip/sealed-hint.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { VideoHints } from '../../../src/peer/node/video-hints.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { Video } from '../../../src/peer/video/video.ts'
import { VirtualClock } from '../exchange/virtual-clock.ts'
import { MemoryTopics } from '../gossip/memory-pubsub.ts'
import { AUTHOR, OTHER, sampleHint } from '../gossip/sample-hint.ts'

const ID = 'bafyreifn4p2hyvlambe5ue2bnqigexm3tkkipn6ktvaobj3i2p7db3vqka'
const PUBLIC = `/ip4/8.8.8.8/tcp/4101/p2p/${AUTHOR}`
const LOOPBACK = `/ip4/127.0.0.1/tcp/4101/p2p/${AUTHOR}`
const MAPPED = `/ip6/::ffff:127.0.0.1/tcp/4101/p2p/${AUTHOR}`
const ELSEWHERE = `/ip4/100.127.255.1/tcp/4101/p2p/${AUTHOR}`

describe('What a hint makes this peer dial', () => {
  /** The holder that a download is told of, after a hint with these addresses. */
  async function hinted(addresses: string[], isLocal: boolean): Promise<Holder> {
    const clock = new VirtualClock()
    const topics = new MemoryTopics()
    const gossip = new Gossip({
      pubsub: topics.pubsubOf(OTHER),
      ownPeerId: OTHER,
      addresses: () => [],
      load: () => ({ active: 0, limit: 50 }),
      clock,
      random: systemRandom,
      log: silentLogger
    })
    const keys = deriveIdKeys(ID)
    const nothing = { name: '', mimeType: '', bytes: 0, chunkSize: 0, chunks: 0, addedAt: 0 }
    const entry = {
      ...nothing,
      digest: 'd',
      origin: 'fetched',
      policy: 'open',
      state: 'transferring'
    } as const
    const video = new Video({ id: ID, keys, clock, entry })
    const hints = new VideoHints(gossip, isLocal, silentLogger)
    const told = new Promise<Holder>(found => {
      hints.newsOf(video).listen({ found, gone: () => undefined })
    })
    const hint = sampleHint({ sequence: 1, addresses })
    const sealed = sealHint(hint, { key: keys.hintKey, author: AUTHOR }, systemRandom)
    await topics.pubsubOf(AUTHOR).publish(keys.topic, sealed)
    return await told
  }

  it('is what a link may, but nothing on this machine', async () => {
    assert.deepEqual(await hinted([PUBLIC, LOOPBACK, ELSEWHERE], false), {
      peerId: AUTHOR,
      addresses: [PUBLIC]
    })
    assert.deepEqual((await hinted([LOOPBACK], false)).addresses, [])
    assert.deepEqual((await hinted([MAPPED], false)).addresses, [])
  })

  it('is this machine where this peer listens on loopback only', async () => {
    assert.deepEqual((await hinted([LOOPBACK], true)).addresses, [LOOPBACK])
  })
})
