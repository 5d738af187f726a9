import assert from 'node:assert/strict'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { Gossip } from '../../../src/peer/gossip/gossip.ts'
import type { GossipedVideo } from '../../../src/peer/gossip/video-gossip.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { VirtualClock } from '../exchange/virtual-clock.ts'
import { MemoryTopics } from './memory-pubsub.ts'
import { AUTHOR, addressOf, HINT_KEY, OTHER } from './sample-hint.ts'

describe('Gossip about videos', () => {
  let clock: VirtualClock
  let topics: MemoryTopics
  let holder: Gossip
  let fetcher: Gossip

  beforeEach(() => {
    clock = new VirtualClock()
    topics = new MemoryTopics()
    holder = gossipOf(AUTHOR)
    fetcher = gossipOf(OTHER)
  })

  function gossipOf(ownPeerId: string): Gossip {
    return new Gossip({
      pubsub: topics.pubsubOf(ownPeerId),
      ownPeerId,
      addresses: () => [addressOf(ownPeerId)],
      load: () => ({ active: 2, limit: 50 }),
      clock,
      random: systemRandom,
      log: silentLogger
    })
  }

  function video(name: string, have?: Bitfield): GossipedVideo {
    return { digest: name, topic: name, hintKey: HINT_KEY, have: () => have, count: () => have?.length }
  }

  function listen(gossip: Gossip, name = 'a'): { found: string[]; gone: string[]; stop(): void } {
    const heard = { found: [] as string[], gone: [] as string[] }
    const stop = gossip.listen(video(name), {
      found: ({ peerId, addresses }) => heard.found.push(peerId, ...addresses),
      gone: peerId => heard.gone.push(peerId)
    })
    return { ...heard, stop }
  }

  it('tells a download of a holder that gains chunks, and of its departure', async () => {
    const heard = listen(fetcher)
    holder.gained(video('a', Bitfield.full(10)))
    await clock.advance(0)
    assert.deepEqual(heard.found, [AUTHOR, addressOf(AUTHOR)])
    await holder.leave('a')
    assert.deepEqual(heard.gone, [AUTHOR])
    assert.deepEqual(topics.subscribersOf('a'), [OTHER])
  })

  it('tells one that begins later, through its question', async () => {
    holder.gained(video('a', Bitfield.full(10)))
    await clock.advance(60_000)
    const heard = listen(fetcher)
    fetcher.ask(video('a'), [])
    await clock.advance(500)
    assert.deepEqual(heard.found, [AUTHOR, addressOf(AUTHOR)])
    assert.equal(fetcher.snapshot().asked, 1)
  })

  it('counts what it sends, believes and rejects', async () => {
    listen(fetcher)
    holder.gained(video('a', Bitfield.full(10)))
    await topics.pubsubOf('stranger').publish('a', new Uint8Array(100))
    const { topics: count, meshPeers, ...counters } = fetcher.snapshot()
    assert.deepEqual(counters, { sent: 0, asked: 0, accepted: 1, ignored: 0, rejected: 1 })
    assert.deepEqual([count, meshPeers], [1, 1])
    assert.equal(holder.snapshot().sent, 1)
  })

  it('takes part in the 64 topics that were active last, and in those of running downloads', () => {
    const heard = listen(holder, 'download')
    for (let index = 0; index < 70; index++) holder.gained(video(`${index}`, Bitfield.full(10)))
    assert.equal(holder.snapshot().topics, 64)
    assert.deepEqual(topics.subscribersOf('5'), [])
    assert.deepEqual(topics.subscribersOf('download'), [AUTHOR])
    holder.touch(video('7', Bitfield.full(10)))
    holder.gained(video('70', Bitfield.full(10)))
    assert.deepEqual(topics.subscribersOf('7'), [AUTHOR], 'it was active since')
    heard.stop()
    for (let index = 71; index < 140; index++) holder.gained(video(`${index}`, Bitfield.full(10)))
    assert.deepEqual(topics.subscribersOf('download'), [])
  })

  it('keeps connections to peers from which a running download hears, and only those', () => {
    holder.gained(video('a', Bitfield.full(10)))
    const heard = listen(fetcher)
    assert.equal(fetcher.needs(AUTHOR), true)
    assert.equal(holder.needs(OTHER), false)
    heard.stop()
    assert.equal(fetcher.needs(AUTHOR), false)
  })

  it('can be taken up again while it says good-bye', async () => {
    holder.gained(video('a', Bitfield.full(10)))
    const leaving = holder.leave('a')
    holder.gained(video('a', Bitfield.full(10)))
    await leaving
    assert.deepEqual(topics.subscribersOf('a'), [AUTHOR])
  })
})
