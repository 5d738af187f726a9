import assert from 'node:assert/strict'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { SeededRandom } from '../chord/seeded-random.ts'
import type { VirtualClock } from '../chord/virtual-clock.ts'
import { makePeer, makeWorld } from './make-world.ts'
import type { Line } from './simulated-network.ts'
import type { SimulatedPeer } from './simulated-peer.ts'
import { SimulatedPlayer } from './simulated-player.ts'
import { TokenVideo } from './token-video.ts'

const MIB = 1024 * 1024
const SEED = 1
/** Milliseconds for holders to be found. */
const HEAD_START = 5000

interface Situation {
  megabytes: number
  /** What each holder may send, in bytes per second: its line carries more. */
  holders: readonly number[]
  /** One way, in milliseconds, of each peer to the middle of the network. */
  latency: number
}

/** One peer that fetches from holders, each held to its limit. */
class Cinema {
  readonly clock: VirtualClock
  readonly random = new SeededRandom(SEED)
  readonly video: TokenVideo
  readonly viewer: SimulatedPeer
  readonly #watching = new AbortController()

  constructor({ megabytes, holders, latency }: Situation) {
    this.video = new TokenVideo(megabytes * MIB)
    const { random } = this
    const world = makeWorld({ video: this.video, random })
    const line: Line = { up: 100 * MIB, down: 100 * MIB, latency }
    const { count } = this.video.geometry
    for (const uploadLimit of holders) {
      makePeer(world, { line, have: Bitfield.full(count), uploadLimit, random })
    }
    this.clock = world.clock
    this.viewer = makePeer(world, { line, have: new Bitfield(count), random })
  }

  /** Begins to fetch; holders have been found when it resolves. */
  async open(): Promise<void> {
    await this.clock.run(HEAD_START)
    void this.viewer.fetch()
  }

  async play(byteRate: number): Promise<SimulatedPlayer> {
    const { clock, viewer, video } = this
    const player = new SimulatedPlayer({
      clock,
      playhead: viewer.playhead,
      geometry: video.geometry,
      byteRate
    })
    await clock.until(player.play(this.#watching.signal))
    return player
  }

  /** Milliseconds until the chunk at a place that is not here is, after whoever played elsewhere has gone. */
  async seek(): Promise<number> {
    const { clock, viewer, video, random } = this
    const missing = [...viewer.have.missing()]
    const index = random.pick(missing)
    const since = clock.monotonic()
    const wanted = viewer.playhead.want({
      start: index * video.geometry.chunkSize,
      end: video.geometry.byteLength
    })
    await clock.until(viewer.playhead.waitForChunk(index, this.#watching.signal))
    const waited = clock.monotonic() - since
    await clock.run(100)
    wanted.release()
    return waited
  }
}

describe('A simulated player', function () {
  this.timeout(60_000)

  const lines: (Situation & { name: string; byteRate: number; startsWithin?: number })[] = [
    { name: 'from one holder', byteRate: 500_000, holders: [650_000], latency: 10, megabytes: 48 },
    { name: 'of 16 Mbit/s', byteRate: 2_000_000, holders: [2_600_000], latency: 10, megabytes: 96 },
    {
      name: 'from three holders',
      byteRate: 500_000,
      holders: [300_000, 200_000, 150_000],
      latency: 20,
      megabytes: 48
    },
    {
      name: 'from a fast holder and many slow ones',
      startsWithin: 6000,
      byteRate: 500_000,
      holders: [500_000, ...Array<number>(10).fill(15_000)],
      latency: 20,
      megabytes: 48
    },
    {
      name: 'over round trips of 300 ms',
      startsWithin: 5000,
      byteRate: 2_000_000,
      holders: [2_600_000],
      latency: 75,
      megabytes: 96
    }
  ]
  for (const { name, byteRate, startsWithin = 4000, ...situation } of lines) {
    it(`never stalls at 1.3 × the bit rate, ${name}`, async () => {
      const cinema = new Cinema(situation)
      await cinema.open()
      const player = await cinema.play(byteRate)
      const story = `${player.stalls} stalls of ${player.stalledFor} ms, started after ${player.startedAfter} ms`
      assert.equal(player.stalls, 0, story)
      assert.ok((player.startedAfter ?? Number.POSITIVE_INFINITY) < startsWithin, story)
    })
  }

  it('has what it seeks within 100 ms from a holder held to 5 MB/s, 300 ms at the 95th percentile', async () => {
    const cinema = new Cinema({ megabytes: 300, holders: [5 * MIB], latency: 5 })
    await cinema.open()
    const times: number[] = []
    for (let seek = 0; seek < 100; seek++) times.push(await cinema.seek())
    times.sort((a, b) => a - b)
    const [median = 0, p95 = 0] = [times[50], times[95]]
    assert.ok(median <= 100 && p95 <= 300, `${median} ms median, ${p95} ms p95`)
  })
})
