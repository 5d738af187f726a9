import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CliEvent, type CliPeer, Peers } from './cli-peer.ts'
import { sha256OfFile, writeSampleFile } from './sample-file.ts'

const MIB = 1024 * 1024
const LIMIT = ['--download-limit', '40960']

const atHalf = (event: CliEvent): boolean =>
  Number(event.have) * 2 >= Number(event.chunks) && Number(event.chunks) > 0

describe('recovery from SIGKILL in the middle of 300 MiB', function () {
  this.timeout(120_000)
  let folder: string
  let peers: Peers
  let bootstrap: string
  let source: string
  let sha256: string
  let owner: CliPeer
  let id: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-recovery-'))
    peers = new Peers(folder)
    bootstrap = await peers.start(['peer']).address()
    source = join(folder, 'recording.mp4')
    sha256 = await writeSampleFile(source, 300 * MIB)
    owner = peers.start(['share', source, '--bootstrap', bootstrap])
    id = String((await owner.event('shared')).id)
  })

  after(async () => {
    await peers.stopAll()
    await rm(folder, { recursive: true })
  })

  it('a killed fetcher goes on from what it had verified', async () => {
    const data = peers.newDataFolder()
    const out = join(folder, 'resumed.mp4')
    const args = ['fetch', id, '--out', out, '--bootstrap', bootstrap, ...LIMIT]
    const first = peers.start(args, { data })
    const half = await first.event('progress', atHalf)
    await first.kill()
    const last = first.events.findLast(event => event.event === 'progress') ?? half

    const second = peers.start(args, { data })
    const resumed = await second.event('progress', event => Number(event.have) > 0)
    // What may be lost is what was in flight or written within the journal's interval.
    assert.ok(
      Number(resumed.have) >= Number(last.have) * 0.9,
      `resumed at ${resumed.have} after ${last.have}`
    )
    await second.event('complete')
    assert.equal(await second.exit(), 0)
    assert.equal(await sha256OfFile(out), sha256)
  })

  it('completes from a second holder after the owner is killed', async () => {
    const holder = peers.start([
      'fetch',
      id,
      '--out',
      join(folder, 'second.mp4'),
      '--seed',
      '--bootstrap',
      bootstrap
    ])
    await holder.event('complete')
    const out = join(folder, 'third.mp4')
    const third = peers.start(['fetch', id, '--out', out, '--bootstrap', bootstrap, ...LIMIT])
    await third.event('progress', atHalf)
    await owner.kill()
    await third.event('complete')
    assert.equal(await third.exit(), 0)
    assert.equal(await sha256OfFile(out), sha256)
  })
})
