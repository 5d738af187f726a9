import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { open, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { DownloadState } from '../../../src/peer/api.ts'
import { verifyManifest } from '../../../src/peer/content/manifest.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { VirtualClock } from '../exchange/virtual-clock.ts'
import { completes, DownloadBench, reaches, stores } from './download-bench.ts'
import { busyFirst, FakeHolder, lie, silence, slow } from './fake-holder.ts'
import { CHUNK, type SampleVideo, sampleVideo } from './sample-video.ts'
import { WatchedDisk } from './watched-disk.ts'

describe('a download', () => {
  let video: SampleVideo
  let bench: DownloadBench

  before(async () => {
    video = await sampleVideo(20 * CHUNK + 17)
  })

  beforeEach(async () => {
    bench = await DownloadBench.create(video)
  })

  afterEach(() => bench.remove())

  const holder = (name: string, chunks?: readonly number[]): FakeHolder => new FakeHolder(name, video, chunks)

  async function assertSaved(name = 'sample.webm'): Promise<void> {
    const saved = await bench.read(name)
    assert.equal(createHash('sha256').update(saved).digest('hex'), video.sha256)
  }

  it('goes through its states and saves exactly what was shared', async () => {
    const download = bench.download([holder('owner')])
    const states: DownloadState[] = []
    download.events.on('state', state => states.push(state))
    const complete = completes(download)
    download.start()
    const { path } = await complete
    assert.deepEqual(states, ['finding', 'asking', 'transferring', 'verifying', 'complete'])
    assert.equal(path, join(bench.folder, 'sample.webm'))
    await assertSaved()
    assert.deepEqual(await readdir(bench.folder), ['sample.webm'])
    assert.deepEqual(await readdir(bench.dataFolder.journal), [], 'the journal goes with the download')
    assert.equal((await verifyManifest(bench.facts.manifest?.bytes ?? new Uint8Array())).id, video.id)
    assert.equal(bench.facts.finished?.path, path)
  })

  it('asks each holder for different chunks, and none twice', async () => {
    const holders = [holder('a'), holder('b'), holder('c')]
    for (const each of holders) each.behaviour = slow(5)
    const download = bench.download(holders)
    const complete = completes(download)
    download.start()
    await complete
    await assertSaved()
    const asked = holders.flatMap(each => each.asked)
    assert.ok(
      holders.every(each => each.asked.length >= 2),
      `${holders.map(each => each.asked.length)}`
    )
    assert.ok(asked.length <= video.manifest.count + 4, `${asked.length} requests for 21 chunks`)
  })

  it('puts chunks together that no holder has all of', async () => {
    const even = holder('even', evens(video.manifest.count))
    const odd = holder('odd', odds(video.manifest.count))
    const download = bench.download([even, odd])
    const complete = completes(download)
    download.start()
    await complete
    await assertSaved()
    assert.ok(even.asked.every(index => index % 2 === 0))
  })

  it('carries on with the others when a holder dies at half', async () => {
    const owner = holder('owner')
    const second = holder('second')
    owner.behaviour = slow(2)
    second.behaviour = slow(20)
    const download = bench.download([owner, second])
    const complete = completes(download)
    const half = stores(download, 10)
    download.start()
    await half
    owner.die()
    await complete
    await assertSaved()
    assert.ok(second.asked.length >= 1)
  })

  it('meets peers that a holder tells of, unless they may not be dialled from here', async () => {
    const first = 10
    const parts = Array.from({ length: 21 }, (_, index) => index)
    const [owner, friend, stranger] = [
      holder('owner', parts.slice(0, first)),
      holder('friend'),
      holder('stranger')
    ]
    for (const each of [friend, stranger]) bench.addStranger(each)
    bench.undialable.add('stranger')
    const download = bench.download([owner])
    const complete = completes(download)
    download.start()
    await stores(download, first)
    owner.tellOf('friend', 'stranger')
    await complete
    await assertSaved()
    assert.deepEqual([friend.asked.length > 0, stranger.sessions], [true, 0])
  })

  it('gives the place of a holder that has nothing new to one that waits for a place', async () => {
    const twelve = Array.from({ length: 12 }, (_, at) => holder(`early ${at}`, [0, 1, 2]))
    const late = holder('late')
    const download = bench.download([...twelve, late])
    const complete = completes(download)
    download.start()
    await complete
    await assertSaved()
    assert.equal(late.sessions, 1)
    assert.equal(twelve.filter(({ isOpen }) => isOpen).length, 0)
    assert.equal(
      twelve.reduce((sum, { sessions }) => sum + sessions, 0),
      12,
      'nobody was dialled twice'
    )
  })

  it('waits when all holders are gone, says so, and goes on when one is found', async () => {
    const first = holder('first')
    first.behaviour = slow(2)
    const download = bench.download([first])
    const complete = completes(download)
    const some = stores(download, 5)
    download.start()
    await some
    first.die()
    await reaches(download, 'finding')
    const before = download.store?.have.size ?? 0
    const late = holder('late')
    bench.addHolder(late)
    await complete
    await assertSaved()
    assert.ok(late.asked.length <= video.manifest.count - before, 'nothing is fetched twice')
  })

  it('bans a liar at once and completes from an honest holder', async () => {
    const liar = holder('liar')
    const honest = holder('honest')
    liar.behaviour = lie(video)
    honest.behaviour = slow(10)
    const download = bench.download([liar, honest])
    const complete = completes(download)
    download.start()
    await complete
    await assertSaved()
    assert.ok(bench.bans.isBanned('liar'))
    assert.equal(liar.sessions, 1, 'it is not dialled again')
    assert.equal(liar.isOpen, false)
    assert.ok(liar.asked.length <= 4, `asked ${liar.asked.length} times`)
  })

  it('bans a holder whose manifest belongs to another ID', async () => {
    const other = await sampleVideo(CHUNK, 'other.webm', 2)
    const liar = new FakeHolder('liar', other)
    const download = bench.download([liar, holder('honest')])
    const complete = completes(download)
    download.start()
    await complete
    await assertSaved()
    assert.ok(bench.bans.isBanned('liar'))
  })

  it('leaves a busy holder alone for as long as it asks', async () => {
    const busy = holder('busy')
    busy.behaviour = busyFirst(2, 60)
    const download = bench.download([busy])
    const complete = completes(download)
    const startedAt = performance.now()
    download.start()
    await complete
    await assertSaved()
    assert.ok(performance.now() - startedAt >= 55)
    assert.equal(busy.sessions, 1, 'busy is no reason to hang up')
  })

  it('fetches what one holder no longer has from another', async () => {
    const forgetful = holder('forgetful')
    forgetful.behaviour = async index => {
      if (index % 3 === 0) throw new PeerError('CHUNK_UNAVAILABLE', 'It no longer has it.')
      return undefined
    }
    const download = bench.download([forgetful, holder('other')])
    const complete = completes(download)
    download.start()
    await complete
    await assertSaved()
    assert.equal(forgetful.sessions, 1)
  })

  it('takes the last chunks from a second holder when the first one stalls, and takes the losers back', async () => {
    const stalled = holder('stalled')
    const quick = holder('quick')
    stalled.behaviour = (index, signal) =>
      index % 2 === 0 ? silence(index, signal) : Promise.resolve(undefined)
    quick.behaviour = slow(5)
    const download = bench.download([stalled, quick])
    const complete = completes(download)
    download.start()
    await complete
    await assertSaved()
    assert.ok(stalled.takenBack.length >= 1)
    assert.equal(stalled.inFlight, 0)
  })

  it('uses chunks that a holder gains while it fetches itself', async () => {
    const growing = holder('growing', [0])
    const download = bench.download([growing])
    const complete = completes(download)
    const first = stores(download, 1)
    download.start()
    await first
    assert.equal(download.state, 'transferring')
    for (let index = 1; index < video.manifest.count; index++) growing.gain(index)
    await complete
    await assertSaved()
    assert.equal(growing.told?.have.size, video.manifest.count, 'and it is told what is here')
  })

  describe('that is interrupted', () => {
    it('pauses, keeps serving what is here, and resumes without fetching anything twice', async () => {
      const owner = holder('owner')
      owner.behaviour = slow(5)
      const download = bench.download([owner])
      const some = stores(download, 6)
      download.start()
      await some
      await download.pause()
      assert.equal(download.state, 'paused')
      assert.equal(owner.isOpen, false)
      const here = [...(download.store?.have ?? [])]
      const [first = -1] = here
      const sealed = await download.store?.readSealed(first, AbortSignal.timeout(1000))
      assert.deepEqual(sealed && Buffer.from(sealed), Buffer.from(video.sealed[first] ?? []))
      owner.asked.length = 0
      const complete = completes(download)
      download.start()
      await complete
      await assertSaved()
      assert.deepEqual(
        owner.asked.filter(index => here.includes(index)),
        []
      )
    })

    it('carries on after a kill from what is verified, and fetches a torn chunk again', async () => {
      const owner = holder('owner')
      owner.behaviour = slow(3)
      const killed = bench.download([owner])
      const some = stores(killed, 8)
      killed.start()
      await some
      await killed.pause()
      const here = [...(killed.store?.have ?? [])]
      await killed.close()
      // What a power cut does to a page that had not reached the disk.
      const [torn = -1, ...intact] = here
      const part = await open(join(bench.folder, 'sample.webm.part'), 'r+')
      await part.write(Buffer.alloc(4096), 0, 4096, torn * CHUNK + 8192)
      await part.close()

      const again = holder('owner')
      const download = bench.download([again])
      const states: DownloadState[] = []
      download.events.on('state', state => states.push(state))
      const complete = completes(download)
      download.start()
      await complete
      await assertSaved()
      assert.ok(again.asked.includes(torn))
      assert.deepEqual(
        again.asked.filter(index => intact.includes(index)),
        []
      )
      assert.ok(states.includes('verifying'))
    })

    it('begins again when the unfinished file was deleted', async () => {
      const owner = holder('owner')
      owner.behaviour = slow(3)
      const killed = bench.download([owner])
      const some = stores(killed, 8)
      killed.start()
      await some
      await killed.close()
      await rm(join(bench.folder, 'sample.webm.part'))
      const again = holder('owner')
      const download = bench.download([again])
      const complete = completes(download)
      download.start()
      await complete
      await assertSaved()
      assert.equal(new Set(again.asked).size, video.manifest.count)
    })

    it('recognises a file that was put in its place just before a kill', async () => {
      const owner = holder('owner')
      const killed = bench.download([owner])
      const complete = completes(killed)
      const { digest } = video
      killed.start()
      const { path } = await complete
      await killed.close()
      // As it is when the process dies between the renaming and the note of it.
      const { finished: _finished, ...facts } = bench.facts
      bench.facts = { ...facts, partPath: `${path}.part` }
      const journal = await bench.openJournal()
      for (let index = 0; index < video.manifest.count; index++) journal.record(index)
      await journal.close()
      const again = holder('owner')
      const download = bench.download([again])
      const finished = completes(download)
      download.start()
      assert.equal((await finished).path, path)
      assert.deepEqual(again.asked, [])
      assert.equal(download.store?.have.isFull, true, digest)
    })

    it('leaves nothing behind when it is discarded', async () => {
      const owner = holder('owner')
      owner.behaviour = slow(3)
      const download = bench.download([owner])
      const some = stores(download, 3)
      download.start()
      await some
      await download.discard()
      assert.deepEqual(await readdir(bench.folder), [])
      assert.deepEqual(await readdir(bench.dataFolder.journal), [])
    })
  })

  it('deletes what an earlier run left when it is discarded without being started', async () => {
    const owner = holder('owner')
    owner.behaviour = slow(3)
    const killed = bench.download([owner])
    const some = stores(killed, 3)
    killed.start()
    await some
    await killed.close()
    assert.deepEqual(await readdir(bench.dataFolder.journal), [video.digest])
    await bench.download([]).discard()
    assert.deepEqual(await readdir(bench.folder), [])
    assert.deepEqual(await readdir(bench.dataFolder.journal), [])
  })

  describe('whose file is being put in its place', () => {
    it('pauses without waiting for the disk, and is complete soon after', async () => {
      const disk = new WatchedDisk()
      const syncing = Promise.withResolvers<void>()
      const durable = Promise.withResolvers<void>()
      disk.onDatasync = () => {
        syncing.resolve()
        return durable.promise
      }
      bench.fs = disk
      const download = bench.download([holder('owner')])
      let completions = 0
      download.events.on('complete', () => completions++)
      download.start()
      await syncing.promise
      await download.pause()
      assert.equal(download.state, 'paused')
      download.start()
      const complete = reaches(download, 'complete')
      durable.resolve()
      await complete
      await download.close()
      assert.equal(completions, 1)
      assert.equal(download.state, 'complete')
      await assertSaved()
    })

    it('lets go of everything when this cannot be noted, and finds the file at the next start', async () => {
      const disk = new WatchedDisk()
      bench.fs = disk
      bench.onKeep = async ({ finished }) => {
        if (finished) throw new PeerError('DISK_FULL', 'The disk is full.')
      }
      const owner = holder('owner')
      const download = bench.download([owner])
      download.start()
      await reaches(download, 'paused')
      assert.equal(download.failure?.code, 'DISK_FULL')
      assert.equal(disk.openFiles, 0)
      bench.onKeep = () => Promise.resolve()
      owner.asked.length = 0
      const complete = completes(download)
      download.start()
      await complete
      assert.deepEqual(owner.asked, [])
      await assertSaved()
      assert.deepEqual(await readdir(bench.dataFolder.journal), [])
    })
  })

  for (const { what, code, spoil } of [
    { what: 'was deleted', code: 'FILE_MISSING', spoil: (path: string) => rm(path) },
    { what: 'was changed', code: 'FILE_CHANGED', spoil: (path: string) => writeFile(path, 'mine') }
  ]) {
    it(`tells when the finished file ${what}, and no player waits for it`, async () => {
      const download = bench.download([holder('owner')])
      const complete = completes(download)
      download.start()
      const { path } = await complete
      const reasons: string[] = []
      download.events.on('stale', reason => reasons.push(reason.code))
      await spoil(path)
      const signal = AbortSignal.timeout(5000)
      await assert.rejects(async () => await download.store?.readPlain(0, signal), { code })
      await assert.rejects(async () => await download.playhead?.waitForChunk(1, signal), { code })
      assert.deepEqual(reasons, [code])
    })
  }

  describe('that cannot go on', () => {
    it('fails when nobody holds the video', async () => {
      const download = bench.download([], { patienceMilliseconds: 50 })
      const failed = reaches(download, 'failed')
      download.start()
      await failed
      assert.equal(download.failure?.code, 'NO_HOLDERS')
      assert.deepEqual(await readdir(bench.folder), [])
    })

    it('starts again after a failure', async () => {
      const download = bench.download([], { patienceMilliseconds: 50 })
      const failed = reaches(download, 'failed')
      download.start()
      await failed
      bench.addHolder(holder('owner'))
      const complete = completes(download)
      download.start()
      await complete
      await assertSaved()
    })

    it('asks another holder when one does not grant the key', async () => {
      bench.onKeyRequest = peerId =>
        peerId === 'stingy'
          ? Promise.reject(new PeerError('KEY_DENIED', 'That peer does not grant the key.'))
          : Promise.resolve()
      const download = bench.download([holder('stingy'), holder('generous')])
      const complete = completes(download)
      download.start()
      await complete
      await assertSaved()
    })

    it('fails with the denial when the owner itself denies the key', async () => {
      bench.onKeyRequest = () =>
        Promise.reject(new PeerError('KEY_DENIED', 'The owner does not grant the key.'))
      const download = bench.download([holder(video.manifest.ownerPeerId)])
      const failed = reaches(download, 'failed')
      download.start()
      await failed
      assert.equal(download.failure?.code, 'KEY_DENIED')
    })

    it('pauses when the disk is full, keeps what is here, and goes on when there is room', async () => {
      const disk = bench.fillDiskAfter(7)
      const owner = holder('owner')
      const download = bench.download([owner])
      download.start()
      await reaches(download, 'paused')
      assert.equal(download.failure?.code, 'DISK_FULL')
      assert.equal(download.store?.have.size, 7)
      assert.deepEqual(await readdir(bench.folder), ['sample.webm.part'])
      disk.free()
      const here = [...(download.store?.have ?? [])]
      owner.asked.length = 0
      const complete = completes(download)
      download.start()
      assert.equal(download.failure, undefined)
      await complete
      await assertSaved()
      assert.deepEqual(
        owner.asked.filter(index => here.includes(index)),
        []
      )
    })

    it('begins again when the unfinished file was deleted under its hands', async () => {
      const owner = holder('owner')
      owner.behaviour = slow(3)
      const download = bench.download([owner])
      const some = stores(download, 3)
      download.start()
      await some
      await rm(join(bench.folder, 'sample.webm.part'))
      await reaches(download, 'failed')
      assert.equal(download.failure?.code, 'FOLDER_UNWRITABLE')
      const complete = completes(download)
      download.start()
      await complete
      await assertSaved()
    })

    it('gives up a holder that has sent nothing for half a minute, and dials it again', async () => {
      const clock = new VirtualClock()
      const slowBench = await DownloadBench.create(video, clock)
      const stalled = holder('stalled')
      stalled.behaviour = silence
      stalled.isSilent = true
      const download = slowBench.download([stalled])
      download.start()
      while (stalled.asked.length === 0) await setImmediate()
      await clock.advance(29_000)
      assert.equal(stalled.isOpen, true)
      await clock.advance(1500)
      assert.equal(stalled.isOpen, false)
      assert.equal(stalled.inFlight, 0)
      stalled.isSilent = false
      stalled.behaviour = undefined
      const complete = completes(download)
      await clock.advance(2000)
      await complete
      assert.equal(stalled.sessions, 2)
      await slowBench.remove()
    })

    it('searches again with growing pauses while nobody is there', async () => {
      const clock = new VirtualClock()
      const slowBench = await DownloadBench.create(video, clock)
      const download = slowBench.download([], { patienceMilliseconds: 120_000 })
      download.start()
      await setImmediate()
      const searches: number[] = []
      for (let second = 0; second < 16; second++) {
        searches.push(slowBench.searches)
        await clock.advance(1000)
      }
      assert.deepEqual(searches, [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5])
      await slowBench.remove()
    })

    it('says that the folder cannot be written to', async () => {
      const download = bench.download([holder('owner')], { target: { folder: join(bench.folder, 'gone') } })
      const failed = reaches(download, 'failed')
      download.start()
      await failed
      assert.equal(download.failure?.code, 'FOLDER_UNWRITABLE')
      await download.pause()
      assert.equal(download.state, 'failed')
    })
  })

  it('never replaces a file: a number is added to the name', async () => {
    await writeFile(join(bench.folder, 'sample.webm'), 'mine')
    const download = bench.download([holder('owner')])
    const complete = completes(download)
    download.start()
    assert.equal((await complete).path, join(bench.folder, 'sample (2).webm'))
    assert.equal((await bench.read('sample.webm')).toString(), 'mine')
    await assertSaved('sample (2).webm')
  })

  it('does not replace a file that came while it was downloading', async () => {
    const owner = holder('owner')
    owner.behaviour = slow(3)
    const download = bench.download([owner])
    const complete = completes(download)
    const some = stores(download, 3)
    download.start()
    await some
    await writeFile(join(bench.folder, 'sample.webm'), 'mine')
    assert.equal((await complete).path, join(bench.folder, 'sample (2).webm'))
    assert.equal((await bench.read('sample.webm')).toString(), 'mine')
  })

  it('replaces a file when told to, but only with the whole video', async () => {
    await writeFile(join(bench.folder, 'sample.webm'), 'mine')
    const owner = holder('owner')
    owner.behaviour = slow(3)
    const download = bench.download([owner], { target: { folder: bench.folder, overwrite: true } })
    const complete = completes(download)
    const some = stores(download, 10)
    download.start()
    await some
    assert.equal((await bench.read('sample.webm')).toString(), 'mine')
    await complete
    await assertSaved()
  })

  it('shows each chunk in its map', async () => {
    const half = holder('half', evens(video.manifest.count))
    const download = bench.download([half, holder('one', [0])])
    const some = stores(download, 11)
    download.start()
    await some
    const map = download.chunkMap
    assert.equal(map?.states, '303030303030303030303')
    assert.equal(map?.holders, '201010101010101010101')
  })

  it('fetches what a player waits for first', async () => {
    const owner = holder('owner')
    owner.behaviour = slow(5)
    const download = bench.download([owner])
    const complete = completes(download)
    const some = stores(download, 4)
    download.start()
    await some
    const begun = new Set(owner.asked)
    const wanted = Array.from({ length: 21 }, (_, index) => index).filter(index => !begun.has(index))[3] ?? 0
    const asked = owner.asked.length
    await download.playhead?.waitForChunk(wanted, AbortSignal.timeout(5000))
    const after = owner.asked.slice(asked)
    assert.equal(after[0], wanted)
    await complete
    await assertSaved()
  })
})

function evens(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index).filter(index => index % 2 === 0)
}

function odds(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index).filter(index => index % 2 === 1)
}
