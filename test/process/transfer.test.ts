import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Peers } from './cli-peer.ts'
import { sha256OfFile, writeSampleFile } from './sample-file.ts'

const KIB = 1024
const MIB = 1024 * KIB

describe('three processes on loopback: bootstrap, owner, fetcher', function () {
  this.timeout(120_000)
  let folder: string
  let peers: Peers
  let bootstrap: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-transfer-'))
    peers = new Peers(folder)
    bootstrap = await peers.start(['peer']).address()
  })

  after(async () => {
    await peers.stopAll()
    await rm(folder, { recursive: true })
  })

  const cases: [string, number][] = [
    ['one.mp4', 1],
    ['exactly one chunk.mp4', 256 * KIB],
    ['🎬 résumé of the démo.webm', 256 * KIB + 1],
    ['large.mkv', 300 * MIB]
  ]
  for (const [name, bytes] of cases) {
    it(`fetches ${bytes} bytes named "${name}" unchanged`, async () => {
      const source = join(folder, name)
      const sha256 = await writeSampleFile(source, bytes)
      const owner = peers.start(['share', source, '--bootstrap', bootstrap])
      const shared = await owner.event('shared')
      assert.equal(shared.bytes, bytes)
      const out = await mkdtemp(join(folder, 'out-'))

      const fetcher = peers.start(['fetch', String(shared.id), '--out', out, '--bootstrap', bootstrap])
      const complete = await fetcher.event('complete')
      assert.equal(await fetcher.exit(), 0)
      assert.equal(complete.sha256, sha256)
      assert.equal(basename(String(complete.path)), name)
      assert.equal(await sha256OfFile(String(complete.path)), sha256)
      assert.deepEqual(await readdir(out), [name], 'nothing half-written is left')
      assert.equal(fetcher.events[0]?.event, 'listening')
      assert.equal(await owner.stop(), 130)
    })
  }

  it('fetches by link alone, with no bootstrap', async () => {
    const source = join(folder, 'by-link.webm')
    const sha256 = await writeSampleFile(source, 2 * MIB)
    const owner = peers.start(['share', source])
    const { link } = await owner.event('shared')
    const fetcher = peers.start(['fetch', String(link), '--out', join(folder, 'linked.webm')])
    const complete = await fetcher.event('complete')
    assert.equal(await fetcher.exit(), 0)
    assert.equal(complete.path, join(folder, 'linked.webm'))
    assert.equal(await sha256OfFile(join(folder, 'linked.webm')), sha256)
    await owner.stop()
  })

  it('plays a video without saving it', async () => {
    const source = join(folder, 'watched.webm')
    const sha256 = await writeSampleFile(source, 2 * MIB)
    const owner = peers.start(['share', source])
    const { link } = await owner.event('shared')
    const viewer = peers.start(['fetch', String(link), '--watch-only'])
    const { url } = await viewer.event('stream')
    const response = await fetch(String(url))
    assert.equal(
      createHash('sha256')
        .update(await response.bytes())
        .digest('hex'),
      sha256
    )
    assert.equal(await viewer.stop(), 130)
    assert(!viewer.events.some(({ event }) => event === 'complete' || event === 'error'))
    await owner.stop()
  })

  it('makes the folder that --out names with a trailing slash', async () => {
    const source = join(folder, 'into-new-folder.webm')
    await writeSampleFile(source, 300 * KIB)
    const owner = peers.start(['share', source])
    const { link } = await owner.event('shared')
    const fetcher = peers.start(['fetch', String(link), '--out', `${join(folder, 'new', 'folder')}/`])
    assert.equal(
      (await fetcher.event('complete')).path,
      join(folder, 'new', 'folder', 'into-new-folder.webm')
    )
    assert.equal(await fetcher.exit(), 0)
    await owner.stop()
  })

  it('gives the same ID for the same unchanged file, and a new one on request', async () => {
    const source = join(folder, 'again.webm')
    await writeSampleFile(source, 600 * KIB)
    const data = peers.newDataFolder()
    const ids: unknown[] = []
    for (const more of [[], [], ['--new']]) {
      const owner = peers.start(['share', source, ...more], { data })
      ids.push((await owner.event('shared')).id)
      await owner.stop()
    }
    assert.equal(ids[0], ids[1])
    assert.notEqual(ids[1], ids[2])
  })

  it('verifies a file against an ID, and says where it differs', async () => {
    const source = join(folder, 'verify.webm')
    await writeSampleFile(source, 700 * KIB)
    const owner = peers.start(['share', source, '--bootstrap', bootstrap])
    const { id } = await owner.event('shared')
    const good = peers.start(['verify', source, String(id), '--bootstrap', bootstrap])
    assert.equal((await good.event('verified')).matches, true)
    assert.equal(await good.exit(), 0)

    const other = join(folder, 'other.webm')
    await writeSampleFile(other, 700 * KIB)
    const bad = peers.start(['verify', other, String(id), '--bootstrap', bootstrap])
    assert.equal((await bad.event('error')).code, 'VERIFY_MISMATCH')
    assert.equal(await bad.exit(), 1)
    await owner.stop()
  })

  it('shows who holds a video and by which hops', async () => {
    const source = join(folder, 'lookup.webm')
    await writeSampleFile(source, 300 * KIB)
    const owner = peers.start(['share', source, '--bootstrap', bootstrap])
    const { id } = await owner.event('shared')
    const { peerId } = await owner.event('listening')
    const lookup = peers.start(['lookup', String(id), '--bootstrap', bootstrap])
    const result = await lookup.event('lookup')
    assert.equal(await lookup.exit(), 0)
    assert.deepEqual(
      (result.holders as { peerId: string; have: number }[]).map(holder => [holder.peerId, holder.have]),
      [[peerId, 2]]
    )
    assert.ok((result.steps as unknown[]).length > 0)

    const link = String((await owner.event('shared')).link)
    const byLink = await peers.start(['lookup', link]).event('lookup')
    assert.deepEqual(byLink.holders, result.holders, 'a link needs no bootstrap')
    await owner.stop()
  })
})
