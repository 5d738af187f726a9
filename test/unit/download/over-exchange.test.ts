import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/peer/clock.ts'
import { deriveIdKeys } from '../../../src/peer/content/id-keys.ts'
import { identifyFile } from '../../../src/peer/content/source-file.ts'
import type { Holder } from '../../../src/peer/download/chunk-holder.ts'
import { Download } from '../../../src/peer/download/download.ts'
import { FileChunkStore } from '../../../src/peer/download/file-chunk-store.ts'
import { InFlightBudget } from '../../../src/peer/download/in-flight-budget.ts'
import { SealedCache } from '../../../src/peer/download/sealed-cache.ts'
import { BanList } from '../../../src/peer/exchange/ban-list.ts'
import { ChunkServer } from '../../../src/peer/exchange/chunk-server.ts'
import { openChunkSession } from '../../../src/peer/exchange/open-chunk-session.ts'
import type { ServedVideo } from '../../../src/peer/exchange/served-video.ts'
import { TokenBucket } from '../../../src/peer/exchange/token-bucket.ts'
import { type DataFolder, openDataFolder } from '../../../src/peer/library/data-folder.ts'
import { Journal } from '../../../src/peer/library/journal.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { MuxerPair } from '../exchange/stream-pair.ts'
import { completes, stores } from './download-bench.ts'
import { CHUNK, type SampleVideo, sampleVideo } from './sample-video.ts'

/** One peer that serves the video over real streams: from its source, or from what it has downloaded. */
class ServingPeer {
  readonly peerId: string
  readonly muxers = new MuxerPair()
  readonly server: ChunkServer
  uploaded = 0

  constructor(peerId: string, video: SampleVideo, served: () => ServedVideo | undefined) {
    this.peerId = peerId
    this.server = new ChunkServer({
      videos: digest => (digest === video.digest ? served() : undefined),
      ownPeerId: peerId,
      uploadLimiter: new TokenBucket(0, systemClock),
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      onUploaded: (_peerId, _digest, bytes) => {
        this.uploaded += bytes
      }
    })
  }
}

describe('a download over the chunk protocol', () => {
  let folder: string
  let dataFolder: DataFolder
  let video: SampleVideo
  let owner: ServingPeer
  let proofKey: Uint8Array
  const downloads: Download[] = []

  before(async () => {
    video = await sampleVideo(50 * CHUNK + 1)
    ;({ proofKey } = deriveIdKeys(video.id))
  })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-over-'))
    dataFolder = await openDataFolder(join(folder, 'data'))
    const path = join(folder, 'source.webm')
    await writeFile(path, video.plaintext)
    const store = new FileChunkStore({
      digest: video.digest,
      path,
      identity: await identifyFile(path),
      secrets: video.secrets,
      cache: new SealedCache(),
      onStale: reason => assert.fail(reason.message)
    })
    owner = new ServingPeer('QmOwner', video, () => serve(store))
  })

  afterEach(async () => {
    await Promise.all(downloads.splice(0).map(download => download.close()))
    await rm(folder, { recursive: true, force: true })
  })

  function serve(store: Pick<ServedVideo, 'have' | 'onHave' | 'readSealed'>): ServedVideo {
    return {
      proofKey,
      manifest: video.manifest.bytes,
      leaves: video.leaves,
      have: store.have,
      onHave: listener => store.onHave(listener),
      readSealed: (index, signal) => store.readSealed(index, signal)
    }
  }

  function download(fileName: string, peers: readonly ServingPeer[], bytesPerSecond = 0): Download {
    const limiter = new TokenBucket(bytesPerSecond, systemClock)
    const created = new Download(
      {
        findHolders: async function* (): AsyncGenerator<Holder> {
          for (const { peerId } of peers) yield { peerId, addresses: [] }
        },
        openSession: async (holder, signal) => {
          const peer = peers.find(({ peerId }) => peerId === holder.peerId)
          assert.ok(peer)
          const [dialled, accepted] = await peer.muxers.open()
          void peer.server.handle(accepted, `Qm${fileName}`)
          return await openChunkSession(
            {
              openStream: async () => dialled,
              target: { peerId: peer.peerId, addresses: [] },
              secrets: { digest: video.digest, proofKey },
              ownPeerId: `Qm${fileName}`,
              downloadLimiter: limiter,
              clock: systemClock,
              random: systemRandom
            },
            signal
          )
        },
        requestKey: async () => video.contentKey,
        openJournal: count => Journal.open(dataFolder, digestFor(fileName), count, silentLogger),
        keep: async () => undefined,
        clock: systemClock,
        random: systemRandom,
        log: silentLogger,
        bans: new BanList(systemClock),
        budget: new InFlightBudget(),
        cache: new SealedCache()
      },
      { id: video.id, digest: video.digest, target: { folder, fileName } }
    )
    downloads.push(created)
    return created
  }

  async function assertSaved(fileName: string): Promise<void> {
    const saved = await readFile(join(folder, fileName))
    assert.equal(createHash('sha256').update(saved).digest('hex'), video.sha256)
  }

  it('saves what the owner shares', async () => {
    const fetching = download('a', [owner])
    const complete = completes(fetching)
    fetching.start()
    await complete
    await assertSaved('a')
    const total = video.sealed.reduce((sum, { length }) => sum + length, 0)
    assert.ok(owner.uploaded < total * 1.1, 'hardly a chunk is sent twice')
  })

  it('gets chunks from a peer that is still downloading itself', async () => {
    const first = download('first', [owner], 4_000_000)
    const firstComplete = completes(first)
    const firstPeer = new ServingPeer('QmFirst', video, () => first.store && serve(first.store))
    const some = stores(first, 10)
    first.start()
    await some
    const second = download('second', [owner, firstPeer], 8_000_000)
    const secondComplete = completes(second)
    second.start()
    await Promise.all([firstComplete, secondComplete])
    await assertSaved('first')
    await assertSaved('second')
    assert.ok(firstPeer.uploaded >= 4 * CHUNK, `${firstPeer.uploaded} bytes from the first`)
  })

  it('holds a download limit and shows its rate', async () => {
    const limit = 10_000_000
    const fetching = download('limited', [owner], limit)
    const complete = completes(fetching)
    const half = stores(fetching, 25)
    const startedAt = performance.now()
    fetching.start()
    await half
    const rate = fetching.bytesPerSecond
    assert.ok(rate > 0 && rate < limit * 1.3, `${rate} bytes per second`)
    await complete
    const seconds = (performance.now() - startedAt) / 1000
    assert.ok(seconds > (video.plaintext.length / limit) * 0.95, `${seconds} s`)
    await assertSaved('limited')
  })
})

function digestFor(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}
