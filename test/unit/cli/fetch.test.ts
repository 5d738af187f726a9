import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FetchCommandOptions, runFetch } from '../../../src/cli/commands/fetch.ts'
import { prepareOutput } from '../../../src/cli/output.ts'
import { jsonReport } from '../../../src/cli/report.ts'
import type { VideoSnapshot } from '../../../src/peer/api.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { DIGEST, FakePeer, VIDEO } from '../control/fake-peer.ts'

const ARRIVING: VideoSnapshot = { ...VIDEO, origin: 'fetched', state: 'transferring', have: 0 }
const COMPLETE: VideoSnapshot = { ...ARRIVING, state: 'complete', have: 1, path: '/out/a.webm', sha256: 'ab' }

describe('chordcast fetch', () => {
  let peer: FakePeer
  let interrupted: AbortController
  let lines: string[]

  beforeEach(() => {
    peer = new FakePeer()
    interrupted = new AbortController()
    lines = []
    library([ARRIVING])
  })

  function library(videos: VideoSnapshot[]): void {
    peer.answers.videos = async () => videos
  }

  function change(video: VideoSnapshot): void {
    library([video])
    peer.events.emit('video', video)
  }

  /** Begins a fetch, and gives its end once it listens. */
  async function begin(options: FetchCommandOptions = {}): Promise<{ end: Promise<void> }> {
    const listening = Promise.withResolvers<void>()
    peer.answers.videos = async () => {
      listening.resolve()
      library([ARRIVING])
      return [ARRIVING]
    }
    const write = (line: string): number => lines.push(JSON.parse(line).event)
    const end = runFetch(
      {
        api: peer,
        report: jsonReport({ stdout: { write }, stderr: { write } }),
        signal: interrupted.signal,
        borrowed: true,
        listeningSince: 0
      },
      'bafyfake',
      options
    )
    end.catch(() => undefined)
    await listening.promise
    return { end }
  }

  it('ends with the finished video', async () => {
    const { end } = await begin()
    change(COMPLETE)
    await end
    assert.equal(lines.at(-1), 'complete')
  })

  it('ends when another window removes the video', async () => {
    const { end } = await begin()
    peer.events.emit('videoRemoved', { digest: DIGEST })
    await assert.rejects(end, { code: 'VIDEO_UNKNOWN', message: /removed elsewhere/ })
  })

  it('ends when another window pauses the video', async () => {
    const { end } = await begin()
    change({ ...ARRIVING, state: 'paused' })
    await assert.rejects(end, { code: 'ABORTED', message: /paused elsewhere/ })
  })

  it('goes on over the pause of a change of owner', async () => {
    const { end } = await begin()
    const asked = Promise.withResolvers<void>()
    peer.answers.videos = async () => {
      asked.resolve()
      return [ARRIVING]
    }
    peer.events.emit('video', { ...ARRIVING, state: 'paused' })
    await asked.promise
    change(COMPLETE)
    await end
  })

  it('ends when the peer of another process has gone', async () => {
    const { end } = await begin()
    interrupted.abort(new PeerError('CONTROL_LOST', 'It has gone.'))
    await assert.rejects(end, { code: 'CONTROL_LOST' })
  })

  it('prints the address to watch at before the video is complete', async () => {
    const { end } = await begin({ watch: true })
    while (!lines.includes('stream')) await new Promise(setImmediate)
    assert.ok(!lines.includes('complete'))
    change(COMPLETE)
    while (!lines.includes('complete')) await new Promise(setImmediate)
    interrupted.abort()
    await assert.rejects(end, { code: 'ABORTED' })
  })

  it('fails when there is no address to watch at, and when the download fails', async () => {
    peer.answers.streamUrl = () => Promise.reject(new PeerError('TIMEOUT', 'No bytes came.'))
    const noStream = await begin({ watch: true })
    await assert.rejects(noStream.end, { code: 'TIMEOUT' })
    peer.answers.streamUrl = () => new Promise(() => undefined)
    const noVideo = await begin({ watch: true })
    change({ ...ARRIVING, state: 'failed', failure: { code: 'NO_HOLDERS', message: 'Nobody has it.' } })
    await assert.rejects(noVideo.end, { code: 'NO_HOLDERS' })
  })
})

describe('--out', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-out-'))
  })

  afterEach(() => rm(folder, { recursive: true }))

  it('makes the folder that a trailing separator names', async () => {
    const path = join(folder, 'new', 'deep')
    assert.equal(await prepareOutput(`${path}/`), path)
    assert.ok((await stat(path)).isDirectory())
  })

  it('leaves a path without one alone', async () => {
    assert.equal(await prepareOutput(join(folder, 'a.webm')), join(folder, 'a.webm'))
    await assert.rejects(stat(join(folder, 'a.webm')), { code: 'ENOENT' })
    assert.equal(await prepareOutput(undefined), process.cwd())
  })

  it('tells when a file is in the way', async () => {
    await writeFile(join(folder, 'file'), '')
    await assert.rejects(prepareOutput(`${join(folder, 'file')}/`), { code: 'FOLDER_UNWRITABLE' })
  })
})
