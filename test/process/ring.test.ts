import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CliPeer, Peers } from './cli-peer.ts'
import { sha256OfFile, writeSampleFile } from './sample-file.ts'

const KIB = 1024
const RING = 12

describe('a ring of twelve processes', function () {
  this.timeout(180_000)
  let folder: string
  let peers: Peers
  const members: CliPeer[] = []
  const videos: { id: string; sha256: string }[] = []

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-ring-'))
    peers = new Peers(folder)
    for (let i = 0; i < RING; i++) {
      const source = join(folder, `video-${i}.webm`)
      const sha256 = await writeSampleFile(source, 300 * KIB + i)
      const first = members[0]
      const bootstrap = first ? ['--bootstrap', await first.address()] : []
      const member = peers.start(['share', source, ...bootstrap])
      videos.push({ id: String((await member.event('shared')).id), sha256 })
      members.push(member)
    }
  })

  after(async () => {
    await peers.stopAll()
    await rm(folder, { recursive: true })
  })

  async function fetchFrom(bootstrap: string, index: number): Promise<void> {
    const video = videos[index]
    assert(video)
    const out = join(await mkdtemp(join(folder, 'out-')), 'fetched.webm')
    const fetcher = peers.start(['fetch', video.id, '--out', out, '--bootstrap', bootstrap])
    await fetcher.event('complete')
    assert.equal(await fetcher.exit(), 0)
    assert.equal(await sha256OfFile(out), video.sha256)
  }

  it('finds every video from any member', async () => {
    for (let index = 0; index < RING; index++) {
      const member = members[(index + 5) % RING]
      assert(member)
      await fetchFrom(await member.address(), index)
    }
  })

  it('finds every video of a survivor within 60 s after four members are killed at once', async () => {
    const killed = [1, 4, 5, 9]
    await Promise.all(killed.map(index => members[index]?.kill()))
    const since = performance.now()
    const survivors = members.map((_, index) => index).filter(index => !killed.includes(index))
    for (const [place, index] of survivors.entries()) {
      const through = members[survivors[(place + 3) % survivors.length] ?? 0]
      assert(through)
      await fetchFrom(await through.address(), index)
    }
    const seconds = (performance.now() - since) / 1000
    assert.ok(seconds < 60, `it took ${seconds.toFixed(1)} s`)
  })
})
