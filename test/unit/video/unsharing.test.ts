import assert from 'node:assert/strict'
import { access, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PeerApi, VideoSnapshot } from '../../../src/peer/api.ts'
import type { SignedRecord } from '../../../src/peer/chord/chord.ts'
import { signTombstone } from '../../../src/peer/chord/record/tombstone.ts'
import type { KeptTombstones } from '../../../src/peer/library/kept-tombstones.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import type { Network } from '../../../src/peer/node/network.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { isEnded, Unsharing } from '../../../src/peer/video/unsharing.ts'
import type { VideoFiles } from '../../../src/peer/video/video-files.ts'
import type { VideoShelf } from '../../../src/peer/video/video-shelf.ts'
import { writeSampleFile } from '../../process/sample-file.ts'
import { makeAnnounceKey } from '../chord/libp2p-peer.ts'
import { ManualClock } from '../chord/record-fixtures.ts'
import { isComplete, LoopbackPeers, until } from './loopback-peers.ts'

const isFailed = ({ state }: VideoSnapshot): boolean => state === 'failed'

describe('when an owner stops sharing', function () {
  this.timeout(60_000)
  let peers: LoopbackPeers
  /** Stays, so that there is a ring whoever else comes and goes. */
  let member: PeerApi
  let owner: PeerApi
  let bootstrap: string[]

  before(async () => {
    peers = await LoopbackPeers.make()
    member = await peers.open('member')
    await member.join([])
    bootstrap = (await member.status()).addresses
    owner = await joined('owner')
  })

  after(() => peers.closeAll())

  async function joined(name: string): Promise<PeerApi> {
    const peer = await peers.open(name)
    await peer.join(bootstrap)
    return peer
  }

  async function shareNew(name: string): Promise<VideoSnapshot> {
    const path = join(peers.folder, name)
    await writeSampleFile(path, 300_000)
    return await owner.share(path)
  }

  async function holds(name: string, video: VideoSnapshot): Promise<PeerApi> {
    const holder = await joined(name)
    await holder.fetch(video.id)
    await until(holder, video.digest, isComplete)
    return holder
  }

  /** Leaves and joins, when a peer asks what was ended meanwhile. */
  async function rejoin(peer: PeerApi): Promise<void> {
    await peer.leave()
    await peer.join(bootstrap)
  }

  async function refused(name: string, video: VideoSnapshot): Promise<VideoSnapshot> {
    const fetcher = await joined(name)
    await fetcher.fetch(video.id)
    return await until(fetcher, video.digest, isFailed)
  }

  it('tells whoever fetches by the ID, and does not let them wait for holders', async () => {
    const video = await shareNew('told.webm')
    await owner.stopSharing(video.digest)
    const since = performance.now()
    const { failure } = await refused('late', video)
    assert.equal(failure?.code, 'VIDEO_UNSHARED')
    assert.match(failure.message, /share it again/)
    assert.ok(performance.now() - since < 10_000)
    assert.equal((await member.lookup(video.id)).unshared, true)
  })

  it('is heeded by holders: they keep what they have, serve it no more, and say so', async () => {
    const video = await shareNew('held.webm')
    const holder = await holds('holder', video)
    await owner.stopSharing(video.digest)
    assert.equal((await member.lookup(video.id)).holders.length, 1, 'the holder does not know yet')
    await rejoin(holder)
    const ended = await until(holder, video.digest, ({ unshared }) => unshared === true)
    assert.equal(ended.state, 'complete')
    await access(ended.path ?? '')
    assert.match(await holder.streamUrl(video.digest), /^http:/)
    assert.equal((await refused('later', video)).failure?.code, 'VIDEO_UNSHARED')
    await peers.close('holder')
    const [again] = await (await peers.open('holder')).videos()
    assert.equal(again?.unshared, true, 'it is remembered')
  })

  it('is told to whoever got the manifest from a holder that does not know yet', async () => {
    const video = await shareNew('half-known.webm')
    await holds('unaware', video)
    await owner.stopSharing(video.digest)
    const { failure, have } = await refused('asker', video)
    assert.deepEqual([failure?.code, have], ['VIDEO_UNSHARED', 0])
  })

  it('is told at the next join when the owner was in no ring, even after a restart', async () => {
    const video = await shareNew('offline.webm')
    const holder = await holds('patient', video)
    await owner.leave()
    await owner.stopSharing(video.digest)
    await peers.close('owner')
    owner = await joined('owner')
    assert.deepEqual((await owner.videos()).map(({ digest }) => digest).includes(video.digest), false)
    await rejoin(holder)
    await until(holder, video.digest, ({ unshared }) => unshared === true)
  })

  it('forgets the rest of a share whose end was decided before a crash', async () => {
    const video = await shareNew('crashed.webm')
    await peers.close('owner')
    const library = join(peers.folder, 'owner', 'library')
    const tombstone = (await readdir(library)).find(name => name.endsWith('.tombstone')) ?? ''
    await writeFile(join(library, `${video.digest}.tombstone`), await readFile(join(library, tombstone)))
    owner = await joined('owner')
    assert.ok((await owner.videos()).every(({ digest }) => digest !== video.digest))
  })

  it('shares the same file again under a new ID, which can be fetched', async () => {
    const video = await shareNew('again.webm')
    await owner.stopSharing(video.digest)
    const again = await owner.share(join(peers.folder, 'again.webm'))
    assert.notEqual(again.id, video.id)
    await holds('second', again)
  })
})

describe('kept tombstones at a join', () => {
  it('are published, but for those whose 30 days are over: these are forgotten', async () => {
    const clock = new ManualClock()
    const announceKey = await makeAnnounceKey()
    const signedDaysAgo = (days: number): Promise<SignedRecord> => {
      const issued = clock.now() - days * 24 * 60 * 60_000
      return signTombstone({ sequence: issued, issued }, announceKey, announceKey)
    }
    const kept = new Map([
      ['fresh', await signedDaysAgo(29)],
      ['old', await signedDaysAgo(31)]
    ])
    const published: SignedRecord[] = []
    const fresh = kept.get('fresh')
    const unsharing = new Unsharing({
      clock,
      random: systemRandom,
      log: silentLogger,
      owner: announceKey,
      shelf: { list: () => [] } as unknown as VideoShelf,
      files: {} as VideoFiles,
      tombstones: {
        list: () => [...kept].map(([digest, signed]) => ({ digest, signed })),
        delete: async (digest: string) => void kept.delete(digest)
      } as unknown as KeptTombstones,
      network: () =>
        ({ publishTombstone: (signed: SignedRecord) => published.push(signed) }) as unknown as Network
    })
    await unsharing.start()
    unsharing.stop()
    assert.deepEqual(published, [fresh])
    assert.deepEqual([...kept.keys()], ['fresh'])
  })
})

describe('whether the ring says that a video is shared no longer', () => {
  const others = [{ peerId: 'holder' }]

  it('is the owner’s word, once the owner is known', () => {
    assert.equal(isEnded('owner', { others, endedBy: ['stranger', 'owner'] }), true)
    assert.equal(isEnded('owner', { others: [], endedBy: ['stranger'] }), false)
  })

  it('is nobody’s word against that of a holder, while the owner is not known', () => {
    assert.equal(isEnded(undefined, { others, endedBy: ['stranger'] }), false)
    assert.equal(isEnded(undefined, { others, endedBy: ['holder'] }), true)
    assert.equal(isEnded(undefined, { others: [], endedBy: ['stranger'] }), true)
  })

  it('is not said by silence', () => {
    assert.equal(isEnded(undefined, { others: [], endedBy: [] }), false)
  })
})
