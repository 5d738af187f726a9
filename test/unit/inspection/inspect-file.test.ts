import assert from 'node:assert/strict'
import { copyFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MediaFacts } from '../../../src/peer/content/media-facts.ts'
import { sniffMimeType } from '../../../src/peer/content/mime-type.ts'
import { inspectFile } from '../../../src/peer/inspection/inspect-file.ts'
import { createLogger, type LogLine } from '../../../src/peer/log.ts'

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))

const mono = { hasAudio: true, audioChannels: 1, audioSampleRate: 48_000 }
const picture = { width: 320, height: 180, frameRate: 25 }

const expected: Record<string, MediaFacts> = {
  'sample-vp9-opus.webm': {
    durationSeconds: 10.008,
    ...picture,
    codecs: 'vp09.00.11.08.01.02.02.02.00, opus',
    ...mono
  },
  'sample-h264-aac.mp4': {
    durationSeconds: 10,
    ...picture,
    codecs: 'avc1.4d400c, mp4a.40.2',
    ...mono,
    indexRange: { start: 32, end: 8918 },
    indexAtEnd: false
  },
  'sample-moov-last.mp4': {
    durationSeconds: 10,
    ...picture,
    codecs: 'avc1.4d400c, mp4a.40.2',
    ...mono,
    indexRange: { start: 128_835, end: 137_721 },
    indexAtEnd: true
  },
  'sample.mp3': { durationSeconds: 10.032, codecs: 'mp3', ...mono },
  'sample.png': { width: 320, height: 180 }
}

describe('Inspection', function () {
  this.timeout(30_000)
  let folder: string
  let lines: LogLine[]

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-inspection-'))
  })

  beforeEach(() => {
    lines = []
  })

  after(() => rm(folder, { recursive: true }))

  const inspect = async (path: string, mimeType: string, deadline?: number) =>
    await inspectFile(path, mimeType, {
      log: createLogger('share', line => lines.push(line)),
      signal: new AbortController().signal,
      ...(deadline === undefined ? {} : { deadline })
    })

  for (const [name, facts] of Object.entries(expected)) {
    it(`reads ${name}`, async () => {
      const mimeType = await sniffMimeType(await readFile(fixture(name)))
      assert.deepEqual(await inspect(fixture(name), mimeType), { facts })
      assert.deepEqual(lines, [])
    })
  }

  it('reads little of a large file, wherever its index lies', async () => {
    const path = join(folder, 'large.mp4')
    const small = await readFile(fixture('sample-moov-last.mp4'))
    const [mediaStart, mediaEnd] = [small.indexOf('mdat') - 4, 128_835]
    // The same video, its media box stretched to 6 GiB by emptiness.
    const size = 6 * 1024 ** 3
    const head = Buffer.alloc(16)
    head.writeUInt32BE(1)
    head.write('mdat', 4)
    head.writeBigUInt64BE(BigInt(size), 8)
    const file = await open(path, 'w')
    await file.write(small.subarray(0, mediaStart), 0, mediaStart, 0)
    await file.write(head, 0, 16, mediaStart)
    await file.write(small, mediaEnd, small.length - mediaEnd, mediaStart + size)
    await file.close()
    const { facts } = await inspect(path, 'video/mp4')
    assert.equal(facts.durationSeconds, 10)
    assert.deepEqual(facts.indexRange, { start: mediaStart + size, end: mediaStart + size + 8886 })
    assert.equal(facts.indexAtEnd, true)
  })

  it('knows little of a file that is cut short, and nothing of one that is something else', async () => {
    const cut = join(folder, 'cut.mp4')
    await writeFile(cut, (await readFile(fixture('sample-moov-last.mp4'))).subarray(0, 100_000))
    assert.deepEqual((await inspect(cut, 'video/mp4')).facts, {})
    const text = join(folder, 'text.mp4')
    await writeFile(text, 'not a video at all '.repeat(1000))
    for (const mimeType of ['video/mp4', 'image/png', 'application/octet-stream']) {
      assert.deepEqual((await inspect(text, mimeType)).facts, {})
    }
  })

  it('ends when it takes too long, and says so', async () => {
    const path = join(folder, 'endless.mp4')
    const file = await readFile(fixture('sample-h264-aac.mp4'))
    // The first entry of the times of samples says that there are four billion of them.
    file.writeUInt32BE(0xffff_ffff, file.indexOf('stts') + 12)
    await writeFile(path, file)
    const { facts } = await inspect(path, 'video/mp4', 300)
    assert.deepEqual([facts.codecs, facts.durationSeconds], ['avc1.4d400c, mp4a.40.2', undefined])
    assert.equal(lines.length, 1)
    assert.equal(lines[0]?.level, 'warn')
  })

  it('says so of a file that is gone, and rejects nobody', async () => {
    assert.deepEqual(await inspect(join(folder, 'gone.mp4'), 'video/mp4'), { facts: {} })
    assert.equal(lines.length, 1)
  })

  it('finds the cover of a song', async () => {
    const picture = await readFile(fixture('sample.png'))
    const path = join(folder, 'song.mp3')
    await copyFile(fixture('sample.mp3'), path)
    await writeFile(path, Buffer.concat([id3WithCover(picture), await readFile(fixture('sample.mp3'))]))
    const { cover, facts } = await inspect(path, 'audio/mpeg')
    assert.equal(facts.codecs, 'mp3')
    assert.deepEqual(cover && Buffer.from(cover), picture)
  })
})

/** An ID3v2.4 tag that holds one picture (APIC, kind 3: front cover). */
function id3WithCover(picture: Uint8Array): Buffer {
  const frameBody = Buffer.concat([Buffer.from('\0image/png\0\x03\0', 'latin1'), picture])
  const frame = Buffer.concat([Buffer.from('APIC'), synchsafe(frameBody.length), Buffer.alloc(2), frameBody])
  return Buffer.concat([Buffer.from('ID3\x04\0\0', 'latin1'), synchsafe(frame.length), frame])
}

function synchsafe(value: number): Buffer {
  return Buffer.from([21, 14, 7, 0].map(shift => (value >> shift) & 0x7f))
}
