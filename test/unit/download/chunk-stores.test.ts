import assert from 'node:assert/strict'
import { appendFile, mkdtemp, open, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../../src/peer/clock.ts'
import { ChunkTags } from '../../../src/peer/content/chunk-tags.ts'
import { identifyFile } from '../../../src/peer/content/source-file.ts'
import { sealVerified } from '../../../src/peer/download/chunk-crypto.ts'
import { FileChunkStore } from '../../../src/peer/download/file-chunk-store.ts'
import { SealedCache } from '../../../src/peer/download/sealed-cache.ts'
import { verifyFile } from '../../../src/peer/download/verify-file.ts'
import type { PeerError } from '../../../src/peer/errors.ts'
import { peerError } from '../content/signers.ts'
import { VirtualClock } from '../exchange/virtual-clock.ts'
import { CHUNK, type SampleVideo, sampleVideo } from './sample-video.ts'

const signal = (): AbortSignal => AbortSignal.timeout(5000)

describe('a complete file', () => {
  let video: SampleVideo
  let folder: string
  let path: string
  let stale: PeerError[]
  let identities: number

  before(async () => {
    video = await sampleVideo(4 * CHUNK + 100)
  })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-store-'))
    path = join(folder, 'source.webm')
    stale = []
    identities = 0
    await writeFile(path, video.plaintext)
  })

  afterEach(() => rm(folder, { recursive: true, force: true }))

  async function openStore(cache = new SealedCache(), clock: Clock = systemClock): Promise<FileChunkStore> {
    return new FileChunkStore({
      digest: video.digest,
      path,
      identity: await identifyFile(path),
      secrets: video.secrets,
      cache,
      clock,
      onStale: reason => stale.push(reason),
      onIdentity: () => identities++
    })
  }

  async function overwrite(offset: number): Promise<void> {
    const file = await open(path, 'r+')
    await file.write(Buffer.from('changed'), 0, 7, offset)
    await file.close()
  }

  it('gives each chunk plain, and sealed as the owner sealed it', async () => {
    const store = await openStore()
    for (const [index, sealed] of video.sealed.entries()) {
      const plain = await store.readPlain(index, signal())
      assert.deepEqual(
        Buffer.from(plain),
        Buffer.from(video.plaintext.subarray(index * CHUNK, (index + 1) * CHUNK))
      )
      assert.deepEqual(Buffer.from(await store.readSealed(index, signal())), Buffer.from(sealed))
    }
    assert.equal(store.have.isFull, true)
  })

  it('notices within a moment that another file took its place, though it still reads the old one', async () => {
    const clock = new VirtualClock()
    const store = await openStore(new SealedCache(), clock)
    await store.readPlain(0, signal())
    const changed = Buffer.from(video.plaintext)
    changed[0] = (changed[0] ?? 0) ^ 1
    await writeFile(join(folder, 'other.webm'), changed)
    await rename(join(folder, 'other.webm'), path)
    await clock.advance(50)
    await assert.rejects(store.readPlain(0, signal()), peerError('FILE_CHANGED'))
    // Lets go of the file.
    await clock.advance(500)
  })

  it('is stale once it was changed, and sends nothing more', async () => {
    const store = await openStore()
    await overwrite(3 * CHUNK)
    await assert.rejects(store.readSealed(3, signal()), peerError('FILE_CHANGED'))
    await assert.rejects(store.readSealed(0, signal()), peerError('FILE_CHANGED'))
    await assert.rejects(store.readPlain(0, signal()), peerError('FILE_CHANGED'))
    assert.equal(stale.length, 1)
    assert.equal(store.have.size, 0)
  })

  for (const wasSent of [false, true]) {
    const history = wasSent ? 'though it was sent before' : 'of which it knows the hash alone'
    it(`does not send a changed chunk ${history}, though size and times say that nothing changed`, async () => {
      const secrets = { ...video.secrets, tags: new ChunkTags(video.manifest.count) }
      if (wasSent) assert.ok(await sealVerified(secrets, 0, video.plaintext.subarray(0, CHUNK)))
      assert.equal(secrets.tags.get(0) !== undefined, wasSent)
      await overwrite(0)
      // Only a disk or a program that hides its traces gets here.
      const hidden = new FileChunkStore({
        digest: video.digest,
        path,
        identity: await identifyFile(path),
        secrets,
        cache: new SealedCache(),
        onStale: reason => stale.push(reason)
      })
      await assert.rejects(hidden.readSealed(0, signal()), peerError('FILE_CHANGED'))
      assert.equal(stale.length, 1)
    })
  }

  it('does not send what it had cached before the change', async () => {
    const cache = new SealedCache()
    const store = await openStore(cache)
    await store.readSealed(0, signal())
    await overwrite(CHUNK)
    await assert.rejects(store.readSealed(1, signal()), peerError('FILE_CHANGED'))
    await assert.rejects(store.readSealed(0, signal()), peerError('FILE_CHANGED'))
    assert.equal(cache.get(video.digest, 0), undefined)
  })

  it('stays when it was only touched, and takes the new times', async () => {
    const store = await openStore()
    await utimes(path, 1, 1)
    const both = await Promise.all([store.readSealed(0, signal()), store.readSealed(1, signal())])
    assert.equal(both.length, 2)
    await store.check()
    assert.deepEqual(stale, [])
    assert.equal(identities, 1)
  })

  it('is stale when bytes were added', async () => {
    const store = await openStore()
    await appendFile(path, 'more')
    await assert.rejects(store.check(), peerError('FILE_CHANGED'))
    assert.equal(stale.length, 1)
  })

  it('is stale when it was moved away', async () => {
    const store = await openStore()
    await rename(path, join(folder, 'elsewhere'))
    await assert.rejects(store.readSealed(0, signal()), peerError('FILE_MISSING'))
    assert.equal(stale[0]?.code, 'FILE_MISSING')
  })

  it('is stale when a folder took its place', async () => {
    const store = await openStore()
    path = folder
    await rm(join(folder, 'source.webm'))
    await assert.rejects(store.readSealed(0, signal()), peerError('FILE_MISSING'))
  })

  describe('verified against its ID', () => {
    it('matches', async () => {
      const done: number[] = []
      const result = await verifyFile({ path, secrets: video.secrets, onProgress: bytes => done.push(bytes) })
      assert.deepEqual(result, { matches: true, bytes: video.plaintext.length, sha256: video.sha256 })
      assert.equal(done.at(-1), video.plaintext.length)
    })

    const table: { title: string; change: (bytes: Buffer) => Buffer; firstBadChunk: number }[] = [
      {
        title: 'one byte differs',
        change: bytes => {
          bytes[2 * CHUNK + 9] = (bytes[2 * CHUNK + 9] ?? 0) ^ 1
          return bytes
        },
        firstBadChunk: 2
      },
      { title: 'it is empty', change: () => Buffer.alloc(0), firstBadChunk: 0 },
      { title: 'it was cut within a chunk', change: bytes => bytes.subarray(0, CHUNK + 3), firstBadChunk: 1 },
      { title: 'it was cut between chunks', change: bytes => bytes.subarray(0, 3 * CHUNK), firstBadChunk: 3 },
      { title: 'it goes on', change: bytes => Buffer.concat([bytes, Buffer.from('x')]), firstBadChunk: 4 }
    ]
    for (const { title, change, firstBadChunk } of table) {
      it(`does not match when ${title}`, async () => {
        const changed = change(await readFile(path))
        await writeFile(path, changed)
        const result = await verifyFile({ path, secrets: video.secrets })
        assert.equal(result.matches, false)
        assert.equal(result.firstBadChunk, firstBadChunk)
        assert.equal(result.bytes, changed.length)
        assert.notEqual(result.sha256, video.sha256)
      })
    }

    it('is refused when it is not there, or no file', async () => {
      await assert.rejects(
        verifyFile({ path: join(folder, 'no'), secrets: video.secrets }),
        peerError('FILE_MISSING')
      )
      await assert.rejects(
        verifyFile({ path: folder, secrets: video.secrets }),
        peerError('FILE_NOT_REGULAR')
      )
    })

    it('stops when cancelled', async () => {
      const cancelled = AbortSignal.abort(new Error('cancelled'))
      await assert.rejects(verifyFile({ path, secrets: video.secrets, signal: cancelled }), /cancelled/)
    })
  })
})

describe('the cache of sealed chunks', () => {
  it('keeps what was used last within its bound', () => {
    const cache = new SealedCache(100)
    cache.set('a', 0, new Uint8Array(40))
    cache.set('a', 1, new Uint8Array(40))
    cache.get('a', 0)
    cache.set('b', 0, new Uint8Array(40))
    assert.equal(cache.get('a', 1), undefined)
    assert.equal(cache.get('a', 0)?.length, 40)
    cache.forget('a')
    assert.equal(cache.get('a', 0), undefined)
    assert.equal(cache.get('b', 0)?.length, 40)
  })

  it('seals a chunk once for all who ask while it is being sealed, and again after a failure', async () => {
    const cache = new SealedCache()
    const gate = Promise.withResolvers<Uint8Array>()
    let sealings = 0
    const seal = (): Promise<Uint8Array> => {
      sealings++
      return gate.promise
    }
    const first = cache.getOrSeal('a', 0, seal)
    const second = cache.getOrSeal('a', 0, seal)
    gate.resolve(Uint8Array.of(1))
    assert.equal(await first, await second)
    assert.equal(await cache.getOrSeal('a', 0, seal), await first)
    assert.equal(sealings, 1)
    await assert.rejects(
      cache.getOrSeal('a', 1, async () => {
        throw new Error('unreadable')
      }),
      /unreadable/
    )
    assert.deepEqual(await cache.getOrSeal('a', 1, async () => Uint8Array.of(2)), Uint8Array.of(2))
  })

  it('keeps chunks of a video once one was asked for again, until nobody does so for long', async () => {
    const cache = new SealedCache(1000)
    const seal = async (): Promise<Uint8Array> => new Uint8Array(1)
    await cache.getOrSeal('a', 0, seal)
    assert.equal(cache.get('a', 0), undefined)
    await cache.getOrSeal('a', 0, seal)
    assert.equal(cache.get('a', 0)?.length, 1)
    await cache.getOrSeal('b', 0, seal)
    assert.equal(cache.get('b', 0), undefined)
    for (let index = 1; index < 300; index++) await cache.getOrSeal('a', index, seal)
    assert.equal(cache.get('a', 100)?.length, 1)
    assert.equal(cache.get('a', 299), undefined)
  })

  it('keeps nothing that is larger than itself', () => {
    const cache = new SealedCache(10)
    cache.set('a', 0, new Uint8Array(11))
    assert.equal(cache.get('a', 0), undefined)
  })
})
