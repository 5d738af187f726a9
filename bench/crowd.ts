import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Bar, BenchContext, Benchmark, Figures, Outcome } from './harness/benchmark.ts'
import { ChordcastSeeder } from './harness/chordcast.ts'
import { runContest } from './harness/contest.ts'
import { judge } from './harness/judge.ts'
import { LineProcess } from './harness/line-process.ts'
import { ProcessMeter } from './harness/process-meter.ts'
import { MIB } from './harness/scratch.ts'

const FETCHERS = 50
const MEBIBYTES = 16
/**
 * Fetchers in one process, of which there are as many as cores: with more, how the operating system shares its cores among processes is
 * most of what tells their times apart, and a process for each measures how long fifty engines take to warm up.
 */
const EACH = Math.ceil(FETCHERS / availableParallelism())
const START_DEADLINE = 60_000
const DEADLINE = 180_000

const PEER_HOST = join(import.meta.dirname, 'harness/peer-host.ts')

const NAME = `chordcast, ${FETCHERS} fetchers`
const COLUMNS = [
  { figure: 'fastest', title: 'fastest s', digits: 1 },
  { figure: 'slowest', title: 'slowest s', digits: 1 },
  { figure: 'unfair', title: 'slowest later than the fastest by, %', digits: 0 },
  { figure: 'copies', title: 'copies the seeder sent', digits: 1 },
  { figure: 'seederCpu', title: 'seeder CPU s', digits: 1 },
  { figure: 'seederPeak', title: 'seeder peak MB', digits: 0 }
]
const BARS: Bar[] = [
  { claim: 'slowest ≤ 20 % later than the fastest', contender: NAME, figure: 'unfair', most: 20 },
  { claim: 'seeder’s peak memory < 400 MB', contender: NAME, figure: 'seederPeak', most: 400 }
]

/** A process and how many peers it runs. */
interface Fetchers {
  host: LineProcess
  count: number
}

/** As many as a seeder serves at a time, at the same moment. */
export const crowd: Benchmark = {
  name: 'crowd',
  summary: `${FETCHERS} fetchers of ${MEBIBYTES} MiB at once: fairness, memory of the seeder`,
  runs: 1,
  minutes: 4,
  run: measure
}

async function measure(context: BenchContext): Promise<Outcome> {
  const mebibytes = context.mebibytes ?? MEBIBYTES
  const contender = { name: NAME, measure: () => fetchAtOnce(mebibytes, context) }
  const results = await runContest([contender], context)
  return {
    sections: [
      { title: `${mebibytes} MiB, ${FETCHERS} at once`, subject: 'swarm', columns: COLUMNS, results }
    ],
    verdicts: judge(BARS, results),
    notes: [
      `The fetchers are peers of their own, ${EACH} in a process. They listen before the clock starts; then all are told to fetch by link at the same moment.`
    ]
  }
}

async function fetchAtOnce(mebibytes: number, { scratch, progress }: BenchContext): Promise<Figures> {
  const file = await scratch.sample(mebibytes)
  const folder = await scratch.newFolder()
  const seeder = await ChordcastSeeder.start(file, { folder })
  const fetchers: Fetchers[] = []
  try {
    for (let started = 0; started < FETCHERS; started += EACH) {
      progress(`${started} of ${FETCHERS} fetchers listen`)
      const count = Math.min(EACH, FETCHERS - started)
      const folders = Array.from({ length: count }, (_, offset) => `${folder}/${started + offset}`)
      const host = new LineProcess('fetchers', process.execPath, [PEER_HOST, ...folders])
      fetchers.push({ host, count })
      await host.event('ready', START_DEADLINE)
    }
    progress('fetching')
    const meter = new ProcessMeter(seeder.pid)
    const times = (await Promise.all(fetchers.map(each => fetchAll(each, seeder.address)))).flat()
    const { cpuSeconds, peakMegabytes } = await meter.end()
    const [fastest, slowest] = [Math.min(...times), Math.max(...times)]
    return {
      fastest,
      slowest,
      unfair: (slowest / fastest - 1) * 100,
      copies: (await seeder.sentBytes()) / (mebibytes * MIB),
      seederCpu: cpuSeconds,
      seederPeak: peakMegabytes
    }
  } finally {
    await Promise.all([...fetchers.map(({ host }) => host), seeder].map(process => process.stop()))
    await scratch.remove(folder)
  }
}

/** Seconds that each peer of a process took from the order to the finished file. */
async function fetchAll({ host, count }: Fetchers, link: string): Promise<number[]> {
  host.tell({ link })
  const times: number[] = []
  while (times.length < count) times.push(Number((await host.take('fetched', DEADLINE)).seconds))
  return times
}
