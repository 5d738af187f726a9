import { setTimeout as delay } from 'node:timers/promises'
import { SeededRandom } from '../test/sim/chord/seeded-random.ts'
import { quantile } from '../test/sim/swarm/statistics.ts'
import type {
  Bar,
  BenchContext,
  Benchmark,
  Chart,
  Column,
  Contender,
  Figures,
  Outcome
} from './harness/benchmark.ts'
import { chordcastStream } from './harness/chordcast-player.ts'
import { runContest } from './harness/contest.ts'
import { judge } from './harness/judge.ts'
import { MIB, type SampleFile, type Scratch } from './harness/scratch.ts'
import type { Player, StreamSystem } from './harness/stream-system.ts'
import { whoIsHere } from './harness/who-is-here.ts'
import { libtorrentStream } from './rivals/libtorrent.ts'
import { webtorrentStream } from './rivals/webtorrent.ts'

const MEBIBYTES = 300
/** Bytes per second: `--upload-limit 5120`. */
const UPLOAD_LIMIT = 5 * MIB
const SEEKS = 100
/** Milliseconds from one seek to the next, so that all of them come while the rest still downloads. */
const SEEK_INTERVAL = 500
/** Bytes at the new place that count as arrived. */
const WANTED_BYTES = 64 * 1024
/** Whatever takes less was here already: so long does the line alone take for what is wanted. */
const HERE_SECONDS = WANTED_BYTES / UPLOAD_LIMIT
/** Shares of the seeks, for the chart. */
const SHARES = Array.from({ length: 21 }, (_, index) => index / 20)

const OURS = chordcastStream.name
const COLUMNS: Column[] = [
  { figure: 'firstByte', title: 'first byte s, from the request', digits: 2 },
  { figure: 'start', title: 'from the start', digits: 2 },
  { figure: 'median', title: 'seek s, median', digits: 3 },
  { figure: 'p95', title: '95 %', digits: 3 },
  { figure: 'most', title: 'at most', digits: 2 },
  { figure: 'missing', title: 'to what was not here, median', digits: 3 },
  { figure: 'seeks', title: 'seeks', digits: 0 },
  { figure: 'arrived', title: 'arrived at the end, %', digits: 0 }
]

const BARS: Bar[] = [
  { claim: 'first byte ≤ 0.25 s after the request', contender: OURS, figure: 'firstByte', most: 0.25 },
  { claim: 'seek, median ≤ 0.25 s', contender: OURS, figure: 'median', most: 0.25 },
  { claim: 'seek, 95 % ≤ 0.6 s', contender: OURS, figure: 'p95', most: 0.6 },
  ...[libtorrentStream, webtorrentStream].flatMap(({ name }) => [
    fasterThan(name, 'missing', 'median to what was not here'),
    fasterThan(name, 'p95', '95 %')
  ])
]

function fasterThan(name: string, figure: string, word: string): Bar {
  return {
    claim: `seek, ${word}: faster than ${name}`,
    contender: OURS,
    figure,
    against: name,
    most: 1
  }
}

/** A player that seeks while the video arrives over a slow line. */
export const stream: Benchmark = {
  name: 'stream',
  summary: `a seeder capped at 5 MiB/s, a player that seeks ${SEEKS} times, against libtorrent with deadlines, WebTorrent`,
  runs: 5,
  runsInReport: 2,
  minutes: 7,
  run: measure
}

async function measure(context: BenchContext): Promise<Outcome> {
  const mebibytes = context.mebibytes ?? MEBIBYTES
  const file = await context.scratch.sample(mebibytes)
  const { here, notes } = await whoIsHere<StreamSystem>([chordcastStream, libtorrentStream, webtorrentStream])
  const allSeeks = new Map<string, number[]>()
  const contenders = here.map((system): Contender => {
    const seeks: number[] = []
    allSeeks.set(system.name, seeks)
    return { name: system.name, measure: run => watch(system, file, context.scratch, run, seeks) }
  })
  const results = await runContest(contenders, context)
  const title = `${mebibytes} MiB, a seeder capped at 5 MiB/s, ${seekCount(file)} seeks to random places, one every ${SEEK_INTERVAL / 1000} s`
  return {
    sections: [{ title, subject: 'system', columns: COLUMNS, results }],
    verdicts: judge(BARS, results),
    notes: [...HOW, ...notes],
    charts: [chartOf(allSeeks)]
  }
}

const HOW = [
  `A seek has arrived when ${WANTED_BYTES / 1024} KiB at the new place have been handed to the player. Chunks and pieces have 256 KiB: 0.05 s of the line. Places that are here already count too, for everybody: about half of them, so that the median of all says whether it was more or fewer. What takes less than the line takes for it was here. A system that is still busy when the next seek is due leaves that one out.`,
  'Chordcast is asked by range requests over HTTP, the others by their own programming interfaces, in their own processes.'
]

async function watch(
  system: StreamSystem,
  file: SampleFile,
  scratch: Scratch,
  run: number,
  allSeeks: number[]
): Promise<Figures> {
  const folders = { seederFolder: await scratch.newFolder(), folder: await scratch.newFolder() }
  const player = await system.open(file, { ...folders, uploadLimit: UPLOAD_LIMIT })
  try {
    const began = await player.begin()
    const firstByte = await player.play(0, 1)
    const start = (performance.now() - began) / 1000
    const seeks = await seekAround(player, file, new SeededRandom(run + 1))
    allSeeks.push(...seeks)
    return {
      firstByte,
      start,
      median: quantile(seeks, 0.5),
      p95: quantile(seeks, 0.95),
      most: Math.max(...seeks),
      missing: quantile(
        seeks.filter(seconds => seconds >= HERE_SECONDS),
        0.5
      ),
      seeks: seeks.length,
      arrived: player.progress * 100
    }
  } finally {
    await player.stop()
    await Promise.all([folders.folder, folders.seederFolder].map(folder => scratch.remove(folder)))
  }
}

/**
 * Seconds of each seek. Everybody seeks to the same places at the same times: who is late leaves seeks out, and gains no time for the rest
 * of the file to arrive.
 */
async function seekAround(player: Player, file: SampleFile, random: SeededRandom): Promise<number[]> {
  const seconds: number[] = []
  const beganAt = performance.now()
  for (let count = 0; count < seekCount(file); count++) {
    const place = random.below(file.bytes - WANTED_BYTES)
    const wait = beganAt + count * SEEK_INTERVAL - performance.now()
    if (wait < -SEEK_INTERVAL) continue
    await delay(Math.max(0, wait))
    seconds.push(await player.play(place, WANTED_BYTES))
  }
  return seconds
}

/** Fewer for a smaller file, whose rest has downloaded sooner. */
function seekCount(file: SampleFile): number {
  return Math.max(5, Math.min(SEEKS, Math.round((SEEKS * file.bytes) / (MEBIBYTES * MIB))))
}

function chartOf(allSeeks: ReadonlyMap<string, number[]>): Chart {
  return {
    name: 'performance-seeks',
    text: 'Seconds within which a share of the seeks had arrived',
    xTitle: 'share of the seeks, %',
    yTitle: 'seconds',
    xScale: 'linear',
    lines: [...allSeeks].map(([name, seeks]) => ({
      name,
      points: SHARES.map(share => ({ x: share * 100, y: quantile(seeks, share) }))
    }))
  }
}
