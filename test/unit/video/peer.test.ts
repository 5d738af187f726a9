import assert from 'node:assert/strict'
import { mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PeerApi, VideoSnapshot } from '../../../src/peer/api.ts'
import { eventually } from '../../harness/eventually.ts'
import { writeSampleFile } from '../../process/sample-file.ts'
import { isComplete, LoopbackPeers, until } from './loopback-peers.ts'

describe('a peer with real parts on loopback', function () {
  this.timeout(30_000)
  let folder: string
  let owner: PeerApi
  let fetcher: PeerApi
  let peers: LoopbackPeers

  before(async () => {
    peers = await LoopbackPeers.make()
    folder = peers.folder
    owner = await peers.open('owner')
    fetcher = await peers.open('fetcher')
    await owner.join([])
  })

  after(() => peers.closeAll())

  async function shareNew(
    name: string,
    bytes = 700_000
  ): Promise<{ path: string; video: VideoSnapshot; link: string }> {
    const path = join(folder, name)
    await writeSampleFile(path, bytes)
    const video = await owner.share(path)
    return { path, video, link: await owner.link(video.digest) }
  }

  it('shares a file once, however many ask for it at a time', async () => {
    const path = join(folder, 'twice.webm')
    await writeSampleFile(path, 900_000)
    const [first, second] = await Promise.all([owner.share(path), owner.share(path)])
    assert.equal(first.id, second.id)
  })

  it('fetches an ID once, however many ask for it at a time', async () => {
    const { video, link } = await shareNew('once.webm')
    await fetcher.join([])
    const types: string[] = []
    const stop = fetcher.on(
      'video',
      ({ digest, mimeType }) => digest === video.digest && types.push(mimeType)
    )
    const both = await Promise.all([fetcher.fetch(link), fetcher.fetch(link), fetcher.fetch(video.id)])
    assert.equal(new Set(both.map(({ digest }) => digest)).size, 1)
    const done = await until(fetcher, video.digest, isComplete)
    assert.deepEqual(await readdir(join(folder, 'fetcher-downloads')), ['once.webm'])
    assert.equal(done.sha256, video.sha256)
    stop()
    assert.deepEqual(
      [...new Set(types)],
      ['', 'application/octet-stream'],
      'no type before the metadata are known'
    )
  })

  it('does not say "complete" of a file that was overwritten: it is fetched again', async () => {
    const { video, link } = await shareNew('overwritten.webm')
    await fetcher.fetch(link)
    const { path } = await until(fetcher, video.digest, isComplete)
    assert(path)
    await writeFile(path, 'something else')
    await fetcher.fetch(link)
    const again = await until(
      fetcher,
      video.digest,
      ({ state, path: now }) => state === 'complete' && now !== path
    )
    const { matches } = await fetcher.verify(again.path ?? '', video.id)
    assert.equal(matches, true)
  })

  it('fetches a video whose file was deleted to where it is asked for this time', async () => {
    const { video, link } = await shareNew('deleted.webm')
    await fetcher.fetch(link)
    const { path } = await until(fetcher, video.digest, isComplete)
    assert(path)
    const output = join(folder, 'elsewhere')
    await mkdir(output)
    for (const place of [join(output, 'first.webm'), join(output, 'second.webm')]) {
      const [{ path: before = path } = {}] = (await fetcher.videos()).filter(
        ({ digest }) => digest === video.digest
      )
      await rm(before)
      await fetcher.fetch(link, { output: place })
      await until(fetcher, video.digest, ({ state, path: now }) => state === 'complete' && now === place)
    }
    assert.deepEqual(await readdir(output), ['second.webm'])
  })

  it('refuses to fetch a video that is here to another place, and says where it is', async () => {
    const { video, link } = await shareNew('placed.webm')
    await fetcher.fetch(link)
    const { path } = await until(fetcher, video.digest, isComplete)
    await assert.rejects(fetcher.fetch(link, { output: folder }), {
      code: 'FILE_EXISTS',
      message: new RegExp(String(path).replaceAll('\\', '\\\\'))
    })
  })

  it('goes on with a download after leaving and joining again', async () => {
    const { video, link } = await shareNew('paused-by-leave.webm', 3_000_000)
    const slow = await peers.open('slow', { limit: 600_000 })
    await slow.join([])
    await slow.fetch(link)
    await until(slow, video.digest, ({ have }) => have >= 2)
    await slow.leave()
    const left = (await slow.videos()).find(({ digest }) => digest === video.digest)
    assert.equal(left?.state, 'paused')
    await slow.join([])
    const done = await until(slow, video.digest, isComplete)
    assert.equal(done.have, done.chunks)
  })

  it('forgets a video that is removed while it arrives, with all that has come', async () => {
    const { video, link } = await shareNew('removed.webm', 3_000_000)
    const remover = await peers.open('remover', { limit: 300_000 })
    await remover.join([])
    await remover.fetch(link)
    await until(remover, video.digest, ({ have }) => have >= 1)
    await remover.remove(video.digest)
    assert.deepEqual(await remover.videos(), [])
    assert.deepEqual(await readdir(join(folder, 'remover-downloads')), [])
    assert.deepEqual(await readdir(join(folder, 'remover', 'journal')), [])
  })

  it('shares on after a file was touched', async () => {
    const { path, video, link } = await shareNew('touched.webm')
    await utimes(path, new Date(0), new Date(0))
    await fetcher.fetch(link)
    await until(fetcher, video.digest, isComplete)
  })

  it('is stale after a file was changed, and sends nothing of it', async () => {
    const { path, video, link } = await shareNew('changed.webm')
    await writeSampleFile(`${path}.new`, 700_000)
    await rename(`${path}.new`, path)
    await fetcher.fetch(link)
    const stale = await until(owner, video.digest, ({ state }) => state === 'stale')
    assert.equal(stale.failure?.code, 'FILE_CHANGED')
    const fetched = (await fetcher.videos()).find(({ digest }) => digest === video.digest)
    assert.equal(fetched?.have, 0)
    await fetcher.remove(video.digest)
  })

  it('takes its records back when it leaves, be it a member or a client', async () => {
    const { video } = await shareNew('taken-back.webm')
    const bootstrap = (await owner.status()).addresses
    for (const [name, stay] of [
      ['member', true],
      ['client', false]
    ] as const) {
      const holder = await peers.open(name, { stay })
      await holder.join(bootstrap)
      await holder.fetch(video.id)
      await until(holder, video.digest, isComplete)
      const { peerId } = await holder.status()
      const holders = async (): Promise<string[]> =>
        (await owner.lookup(video.id)).holders.map(({ peerId: held }) => held)
      await eventually('its record', 5_000, async () => (await holders()).includes(peerId) || undefined)
      await holder.leave()
      assert.ok(!(await holders()).includes(peerId), name)
    }
  })

  it('breaks a join off when told to leave', async () => {
    const lonely = await peers.open('lonely')
    const joining = lonely.join(['127.0.0.1:1', '127.0.0.1:2'])
    const since = performance.now()
    await Promise.allSettled([joining, lonely.leave()])
    assert.ok(performance.now() - since < 3_000)
    assert.notEqual((await lonely.status()).state, 'joined')
  })
})
