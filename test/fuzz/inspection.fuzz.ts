import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { unpackCaptions } from '../../src/peer/content/captions/packed-captions.ts'
import { cleanWebVtt } from '../../src/peer/content/captions/web-vtt.ts'
import { factsOf } from '../../src/peer/content/media-facts.ts'
import { sealMetadata } from '../../src/peer/content/metadata.ts'
import type { Inspection } from '../../src/peer/inspection/inspect-media.ts'
import { subRipToWebVtt } from '../../src/peer/inspection/subrip.ts'
import { systemRandom } from '../../src/peer/random.ts'
import { counterBytes } from '../unit/content/reference-vectors.ts'
import { corrupted } from './hostile-bytes.ts'

const key = counterBytes(32, 1)
const contentId = counterBytes(32, 2)

const FIXTURES: [name: string, mimeType: string][] = [
  ['sample-vp9-opus.webm', 'video/webm'],
  ['sample-h264-aac.mp4', 'video/mp4'],
  ['sample-moov-last.mp4', 'video/mp4'],
  ['sample.mp3', 'audio/mpeg'],
  ['sample.png', 'image/png']
]
/** Milliseconds that a file may take here before its thread is ended, as `inspectFile` does. */
const PATIENCE = 1000

/** A thread that inspects one file after the other; one that takes too long is replaced. */
class InspectionThread {
  #worker: Worker | undefined

  async inspect(path: string, mimeType: string): Promise<Partial<Inspection>[]> {
    this.#worker ??= await this.#start()
    this.#worker.postMessage({ path, mimeType })
    try {
      const [found] = await once(this.#worker, 'message', { signal: AbortSignal.timeout(PATIENCE) })
      return found
    } catch (error) {
      await this.close()
      if (error instanceof Error && error.name === 'AbortError') return []
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
    this.#worker = undefined
  }

  async #start(): Promise<Worker> {
    const worker = new Worker(new URL('./inspection-thread.ts', import.meta.url))
    await once(worker, 'message')
    return worker
  }
}

describe('Fuzz: inspection and captions', function () {
  this.timeout(120_000)
  const thread = new InspectionThread()
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-fuzz-'))
  })

  after(async () => {
    await thread.close()
    await rm(folder, { recursive: true })
  })

  /** Whatever a file holds: each fact that is told is sound, or dropped; the parser never throws; what takes for ever can be ended. */
  async function expectFacts(bytes: Uint8Array, mimeType: string): Promise<void> {
    const path = join(folder, 'hostile')
    await writeFile(path, bytes)
    for (const { facts = {} } of await thread.inspect(path, mimeType)) {
      const sound = { name: 'a.mp4', mimeType, ...factsOf(facts) }
      assert.ok(sealMetadata(key, contentId, sound, systemRandom))
    }
  }

  for (const [name, mimeType] of FIXTURES) {
    it(`takes any corruption of ${name}`, async () => {
      const bytes = await readFile(new URL(`../fixtures/${name}`, import.meta.url))
      // Headers lie at either end: corrupting the media between teaches nothing.
      const ends = [bytes.subarray(0, 9000), bytes.subarray(9000, -9000), bytes.subarray(-9000)] as const
      const hostile = fc.oneof(
        corrupted(ends[0]).map(head => Buffer.concat([head, ends[1], ends[2]])),
        corrupted(ends[2]).map(tail => Buffer.concat([ends[0], ends[1], tail]))
      )
      await fc.assert(
        fc.asyncProperty(hostile, file => expectFacts(file, mimeType)),
        { numRuns: 15, endOnFailure: true }
      )
    })
  }

  it('takes random bytes', () =>
    fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 2000 }),
        fc.constantFrom(
          '',
          '\0\0\0\x18ftypisom',
          '\x1a\x45\xdf\xa3',
          'ID3\x04\0\0',
          'OggS',
          'RIFF',
          'fLaC',
          '\xff\xd8\xff'
        ),
        fc.constantFrom('video/mp4', 'video/webm', 'audio/mpeg', 'image/jpeg'),
        (bytes, head, mimeType) => expectFacts(Buffer.concat([Buffer.from(head, 'latin1'), bytes]), mimeType)
      ),
      { numRuns: 60, endOnFailure: true }
    ))

  it('makes WebVTT of any text that says it is SubRip', () =>
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789:,.-> \n<>/bi{\\}&a') }), text => {
        const vtt = cleanWebVtt(Buffer.from(subRipToWebVtt(text)))
        assert.ok(vtt?.startsWith('WEBVTT\n'))
      }),
      { numRuns: 3000 }
    ))

  it('inflates any bytes to tracks within bounds', () =>
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), tracks => {
        const captions = unpackCaptions(tracks.map(deflated => ({ label: 'x', deflated })))
        for (const { vtt } of captions) assert.match(vtt, /^WEBVTT/)
      }),
      { numRuns: 300 }
    ))
})
