import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Peers } from './cli-peer.ts'
import { writeSampleFile } from './sample-file.ts'

const MIB = 1024 * 1024

describe('hints between processes', function () {
  this.timeout(120_000)
  let folder: string
  let peers: Peers

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-hints-'))
    peers = new Peers(folder)
  })

  after(async () => {
    await peers.stopAll()
    await rm(folder, { recursive: true })
  })

  it('tell a fetcher that found the owner alone of another holder, within 2 s of its completion', async () => {
    const source = join(folder, 'demo.webm')
    await writeSampleFile(source, 4 * MIB)
    const owner = peers.start(['share', source])
    const link = String((await owner.event('shared')).link)
    // Each stands in a ring of its own, so that no record tells of the other.
    const slow = peers.start(['fetch', link, '--out', join(folder, 'slow.webm'), '--download-limit', '64'])
    await slow.event('progress', ({ peers }) => peers === 1)

    const quick = peers.start(['fetch', link, '--out', join(folder, 'quick.webm'), '--seed'])
    await quick.event('complete')
    const completedAt = performance.now()
    await slow.event('progress', ({ peers }) => peers === 2)
    assert.ok(performance.now() - completedAt < 2_000)
  })
})
