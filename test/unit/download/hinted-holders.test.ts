import assert from 'node:assert/strict'
import { VirtualClock } from '../exchange/virtual-clock.ts'
import { completes, DownloadBench, stores } from './download-bench.ts'
import { FakeHolder } from './fake-holder.ts'
import { CHUNK, type SampleVideo, sampleVideo } from './sample-video.ts'

describe('a download that hears of holders', () => {
  let video: SampleVideo
  let clock: VirtualClock
  let bench: DownloadBench

  before(async () => {
    video = await sampleVideo(10 * CHUNK)
  })

  beforeEach(async () => {
    clock = new VirtualClock()
    bench = await DownloadBench.create(video, clock)
  })

  afterEach(() => bench.remove())

  const holder = (name: string, chunks?: readonly number[]): FakeHolder => new FakeHolder(name, video, chunks)

  /** Connected to a holder of the first half, which has been fetched. */
  async function halfFetched() {
    const download = bench.download([holder('first-half', [0, 1, 2, 3, 4])])
    const half = stores(download, 5)
    download.start()
    await half
    await clock.advance(0)
    return download
  }

  it('uses one that speaks up, without searching again', async () => {
    const download = await halfFetched()
    const { searches } = bench
    bench.hideHolder(holder('hinted'))
    const complete = completes(download)
    bench.news.found('hinted')
    await complete
    assert.equal(bench.searches, searches)
  })

  it('does not keep it waiting while dials to the dead are under way', async () => {
    const download = await halfFetched()
    const dead = Array.from({ length: 4 }, (_, index) => holder(`dead-${index}`))
    for (const each of dead) {
      each.open = () => {
        each.sessions++
        return new Promise(() => undefined) as never
      }
      bench.addHolder(each)
    }
    await clock.advance(60_000)
    assert.ok(dead.every(({ sessions }) => sessions > 0))
    bench.hideHolder(holder('hinted'))
    const complete = completes(download)
    bench.news.found('hinted')
    await complete
  })

  it('asks who holds the chunks that nobody connected has, and asks again less and less often', async () => {
    await halfFetched()
    assert.deepEqual(bench.news.asked[0], [], 'nothing is known at the start')
    await clock.advance(60_000)
    const asked = bench.news.asked.slice(1)
    assert.ok(asked.length >= 5 && asked.length <= 8, `${asked.length} times in a minute`)
    for (const ranges of asked) assert.deepEqual(ranges, [[5, 10]])
  })

  it('dials one that failed again when it speaks up, but not each time', async () => {
    const download = await halfFetched()
    const flaky = holder('flaky')
    flaky.isDead = true
    let dials = 0
    const open = flaky.open.bind(flaky)
    flaky.open = () => {
      dials++
      return open()
    }
    bench.hideHolder(flaky)
    bench.news.found('flaky')
    await clock.advance(10)
    bench.news.found('flaky')
    await clock.advance(10)
    bench.news.found('flaky')
    await clock.advance(10)
    assert.equal(dials, 2)
    flaky.isDead = false
    const complete = completes(download)
    await clock.advance(11_000)
    await complete
  })

  it('forgets one that says good-bye, until it is back', async () => {
    await halfFetched()
    const leaver = holder('leaver')
    leaver.isDead = true
    bench.hideHolder(leaver)
    bench.news.found('leaver')
    await clock.advance(10)
    bench.news.gone('leaver')
    leaver.isDead = false
    await clock.advance(60_000)
    assert.equal(leaver.sessions, 0)
    bench.news.found('leaver')
    await clock.advance(10)
    assert.equal(leaver.sessions, 1)
  })

  it('does not dial a banned one', async () => {
    await halfFetched()
    const banned = holder('banned')
    bench.hideHolder(banned)
    bench.bans.ban('banned')
    bench.news.found('banned')
    await clock.advance(10)
    assert.equal(banned.sessions, 0)
  })

  it('listens no longer than it fetches', async () => {
    const download = await halfFetched()
    assert.equal(bench.news.listeners, 1)
    await download.pause()
    assert.equal(bench.news.listeners, 0)
  })
})
