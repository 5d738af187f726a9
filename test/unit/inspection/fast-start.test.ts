import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeFastStartCopy } from '../../../src/peer/inspection/fast-start.ts'
import { inspectFile } from '../../../src/peer/inspection/inspect-file.ts'
import { originalPath } from '../../../src/peer/inspection/original-path.ts'
import { createLogger } from '../../../src/peer/log.ts'

const FIXTURES = new URL('../../fixtures/', import.meta.url)
const signal = new AbortController().signal

/** The samples that the chunk tables of an MP4 lead to: the first 16 bytes at each offset. */
function mediaByTable(file: Buffer): string[] {
  const found: string[] = []
  for (let at = file.indexOf('stco'); at >= 0; at = file.indexOf('stco', at + 4)) {
    for (let entry = 0; entry < file.readUInt32BE(at + 8); entry++) {
      const offset = file.readUInt32BE(at + 12 + entry * 4)
      found.push(file.subarray(offset, offset + 16).toString('hex'))
    }
  }
  return found
}

describe('A fast-start copy', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-fast-start-'))
  })

  afterEach(() => rm(folder, { recursive: true }))

  async function fixture(name: string, as = name): Promise<string> {
    const path = join(folder, as)
    await copyFile(new URL(name, FIXTURES), path)
    return path
  }

  it('has its index before the same media, and leaves the original as it was', async () => {
    const path = await fixture('sample-moov-last.mp4', 'demo.mp4')
    const original = await readFile(path)
    const copyPath = await makeFastStartCopy(path, signal)
    assert.equal(copyPath, join(folder, 'demo.fast-start.mp4'))
    const copy = await readFile(copyPath)
    assert.deepEqual(await readFile(path), original)
    assert.equal(copy.length, original.length)
    assert.ok(copy.indexOf('moov') < copy.indexOf('mdat'))
    const media = mediaByTable(original)
    assert.ok(media.length > 10)
    assert.deepEqual(mediaByTable(copy), media)
    const [before, after] = await Promise.all(
      [path, copyPath].map(file =>
        inspectFile(file, 'video/mp4', { signal, log: createLogger('test', () => undefined) })
      )
    )
    assert.deepEqual(after?.facts, {
      ...before?.facts,
      indexRange: after?.facts.indexRange,
      indexAtEnd: false
    })
    assert.deepEqual((await readdir(folder)).sort(), ['demo.fast-start.mp4', 'demo.mp4'])
  })

  it('is used again while the original is unchanged, and made anew beside it otherwise', async () => {
    const path = await fixture('sample-moov-last.mp4', 'demo.mp4')
    const first = await makeFastStartCopy(path, signal)
    assert.equal(await makeFastStartCopy(path, signal), first)
    await utimes(path, new Date(), new Date(Date.now() + 60_000))
    assert.equal(await makeFastStartCopy(path, signal), join(folder, 'demo.fast-start-2.mp4'))
  })

  it('is not made where it would change nothing, or cannot be made', async () => {
    const cut = await fixture('sample-moov-last.mp4', 'cut.mp4')
    await writeFile(cut, (await readFile(cut)).subarray(0, -10))
    const trailing = await fixture('sample-moov-last.mp4', 'trailing.mp4')
    await writeFile(trailing, Buffer.concat([await readFile(trailing), Buffer.from('no box')]))
    const others = ['sample-h264-aac.mp4', 'sample-vp9-opus.webm', 'sample.png']
    for (const path of [...(await Promise.all(others.map(name => fixture(name)))), cut, trailing]) {
      assert.equal(await makeFastStartCopy(path, signal), undefined)
    }
    assert.equal((await readdir(folder)).length, 5)
  })

  it('leaves nothing behind when it is cancelled', async () => {
    const path = await fixture('sample-moov-last.mp4', 'demo.mp4')
    await assert.rejects(makeFastStartCopy(path, AbortSignal.abort(new Error('enough'))), /enough/)
    assert.deepEqual(await readdir(folder), ['demo.mp4'])
  })

  it('is known by its name', () => {
    assert.equal(originalPath('/a.b/demo.fast-start.mp4'), '/a.b/demo.mp4')
    assert.equal(originalPath('/a/demo.fast-start-12.m4v'), '/a/demo.m4v')
    assert.equal(originalPath('/a.fast-start.b/demo.mp4'), '/a.fast-start.b/demo.mp4')
  })
})
