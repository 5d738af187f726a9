import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runShare, type ShareCommandOptions } from '../../../src/cli/commands/share.ts'
import { humanReport, jsonReport, type Report, type Streams } from '../../../src/cli/report.ts'
import type { VideoSnapshot } from '../../../src/peer/api.ts'
import { FakePeer, VIDEO } from '../control/fake-peer.ts'

const POSTER = fileURLToPath(new URL('../../fixtures/sample.png', import.meta.url))
const SHARED: VideoSnapshot = {
  ...VIDEO,
  name: 'demo\u202e.mp4',
  bytes: 137_721,
  durationSeconds: 83,
  width: 1280,
  height: 720,
  codecs: 'avc1.4d400c, mp4a.40.2'
}

describe('chordcast share', () => {
  let peer: FakePeer
  let folder: string
  let printed: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-share-'))
  })

  beforeEach(() => {
    peer = new FakePeer()
    peer.answers.share = async () => SHARED
    printed = ''
  })

  after(() => rm(folder, { recursive: true }))

  async function share(
    reportTo: (streams: Streams) => Report,
    options: ShareCommandOptions = {}
  ): Promise<void> {
    const stdout = { write: (text: string) => (printed += text) }
    const report = reportTo({ stdout, stderr: { write: () => true } })
    const session = {
      api: peer,
      report,
      signal: new AbortController().signal,
      borrowed: true,
      listeningSince: 0
    }
    await runShare(session, ['demo.mp4'], options)
  }

  it('says what it shares, in words and with a harmless name', async () => {
    await share(humanReport)
    assert.match(
      printed,
      /^Sharing demo�\.mp4 \(134\.5 KiB, 1:23, 1280 × 720, H\.264 \+ AAC\)\nID {4}bafyfake\n/
    )
  })

  it('tells programs the facts', async () => {
    await share(jsonReport)
    const { event, media } = JSON.parse(printed)
    assert.equal(event, 'shared')
    assert.deepEqual(media, {
      durationSeconds: 83,
      width: 1280,
      height: 720,
      codecs: 'avc1.4d400c, mp4a.40.2'
    })
  })

  it('sends a poster along', async () => {
    await share(jsonReport, { poster: POSTER })
    const [, , options] = peer.calls.find(([method]) => method === 'share') ?? []
    assert.match((options as { poster: string }).poster, /^iVBORw0KGgo/)
  })

  it('refuses a poster that is none, before anything is shared', async () => {
    const text = join(folder, 'poster.jpg')
    await writeFile(text, '<svg/>')
    await assert.rejects(share(jsonReport, { poster: text }), { code: 'NOT_SUPPORTED' })
    await assert.rejects(share(jsonReport, { poster: join(folder, 'gone.png') }), { code: 'FILE_UNREADABLE' })
    assert.deepEqual(peer.calls, [])
  })
})
