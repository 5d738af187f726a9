import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PeerApi } from '../../../src/peer/api.ts'
import { LoopbackPeers, until } from './loopback-peers.ts'

const FIXTURES = new URL('../../fixtures/', import.meta.url)
const JPEG = Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), Buffer.alloc(20_000, 7)])
const VTT = 'WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n'

describe('What comes with a video', function () {
  this.timeout(30_000)
  let peers: LoopbackPeers
  let owner: PeerApi

  before(async () => {
    peers = await LoopbackPeers.make()
    owner = await peers.open('owner', { limit: 20_000 })
    await owner.join([])
  })

  after(() => peers.closeAll())

  async function fixture(from: string, to: string): Promise<string> {
    const path = join(peers.folder, to)
    await copyFile(new URL(from, FIXTURES), path)
    return path
  }

  it('is there before its first chunk: poster and captions', async () => {
    const path = await fixture('sample-vp9-opus.webm', 'demo.webm')
    await writeFile(join(peers.folder, 'demo.en.vtt'), VTT)
    await writeFile(join(peers.folder, 'demo.srt'), '1\n00:00:00,000 --> 00:00:02,000\nHallo\n')
    const shared = await owner.share(path, { poster: JPEG.toString('base64') })
    const fetcher = await peers.open('fetcher')
    await fetcher.join([])
    await fetcher.fetch(await owner.link(shared.digest))
    const described = await until(fetcher, shared.digest, ({ hasPoster }) => hasPoster === true)
    assert.equal(described.have, 0)
    for (const [api, video] of [
      [owner, shared],
      [fetcher, described]
    ] as const) {
      assert.deepEqual(video.captions, [{ label: 'Captions' }, { label: 'English', language: 'en' }])
      assert.deepEqual(await api.poster(video.digest), {
        mimeType: 'image/jpeg',
        base64: JPEG.toString('base64')
      })
      const [plain, english] = await api.captions(video.digest)
      assert.equal(plain?.vtt, 'WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nHallo\n')
      assert.deepEqual(english, { label: 'English', language: 'en', vtt: VTT })
    }
  })

  it('of an MP4 whose index lies last brings the index among the first chunks', async () => {
    const path = join(peers.folder, 'index-last.mp4')
    const { file, indexStart } = await withMuchMedia(10 * 1024 * 1024)
    await writeFile(path, file)
    const holder = await peers.open('holder', { limit: 1_500_000 })
    await holder.join([])
    const { digest, indexRange, indexAtEnd } = await holder.share(path)
    assert.deepEqual([indexRange?.start, indexAtEnd], [indexStart, true])
    const watcher = await peers.open('watcher')
    await watcher.join([])
    await watcher.fetch(await holder.link(digest))
    await until(watcher, digest, ({ have }) => have >= 5)
    const { states, chunkSize } = await watcher.chunkMap(digest)
    assert.match(states, /0|1/, 'it is still arriving')
    assert.equal(states.charAt(Math.floor(indexStart / chunkSize)), '3', states)
  })

  it('of a fast-start copy is what belongs to the original, and sharing it again is the same share', async () => {
    const path = await fixture('sample-moov-last.mp4', 'late.mp4')
    await writeFile(join(peers.folder, 'late.de.vtt'), VTT)
    assert.equal((await owner.inspect(path)).indexAtEnd, true)
    const video = await owner.share(path, { fastStart: true })
    assert.deepEqual(
      [video.name, video.path, video.indexAtEnd, video.captions],
      ['late.mp4', join(peers.folder, 'late.fast-start.mp4'), false, [{ label: 'German', language: 'de' }]]
    )
    assert.equal((await owner.share(path, { fastStart: true })).id, video.id)
    await assert.rejects(owner.share(join(peers.folder, 'gone.mp4'), { fastStart: true }), {
      code: 'FILE_MISSING'
    })
  })

  it('makes no difference to the ID that an unchanged file has', async () => {
    const path = await fixture('sample.mp3', 'again.mp3')
    const first = await owner.share(path)
    await writeFile(join(peers.folder, 'again.vtt'), VTT)
    const again = await owner.share(path, { poster: JPEG.toString('base64') })
    assert.equal(again.id, first.id)
    assert.deepEqual([await owner.poster(first.digest), await owner.captions(first.digest)], [undefined, []])
  })

  it('never keeps a file from being shared', async () => {
    const path = await fixture('sample.mp3', 'odd.mp3')
    await writeFile(join(peers.folder, 'odd.en.vtt'), Buffer.from([0xff, 0xfe, 0xfd]))
    await writeFile(join(peers.folder, 'odd.srt'), Buffer.alloc(600 * 1024, 'x'))
    const video = await owner.share(path, {
      poster: Buffer.from('<svg onload="alert(1)"/>').toString('base64')
    })
    assert.deepEqual([video.state, video.hasPoster, video.captions], ['sharing', undefined, undefined])
  })
})

/** The fixture whose index lies last, with a media box of `bytes` and, behind the index, as much as three chunks of nothing. */
async function withMuchMedia(bytes: number): Promise<{ file: Buffer; indexStart: number }> {
  const small = await readFile(new URL('sample-moov-last.mp4', FIXTURES))
  const mediaStart = small.indexOf('mdat') - 4
  const mediaEnd = mediaStart + small.readUInt32BE(mediaStart)
  const media = Buffer.concat([small.subarray(mediaStart, mediaEnd), randomBytes(bytes)])
  media.writeUInt32BE(media.length)
  const free = randomBytes(768 * 1024)
  free.writeUInt32BE(free.length)
  free.write('free', 4)
  const file = Buffer.concat([small.subarray(0, mediaStart), media, small.subarray(mediaEnd), free])
  return { file, indexStart: mediaStart + media.length }
}
