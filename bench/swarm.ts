import type {
  Bar,
  BenchContext,
  Benchmark,
  Column,
  Contender,
  Figures,
  Outcome
} from './harness/benchmark.ts'
import { idleChordcast } from './harness/chordcast-idle.ts'
import { runContest } from './harness/contest.ts'
import { judge } from './harness/judge.ts'
import { measureSwarm, type SwarmMeasured } from './harness/measure-swarm.ts'
import { MIB } from './harness/scratch.ts'
import { whoIsHere } from './harness/who-is-here.ts'
import { aria2 } from './rivals/aria2.ts'
import { libtorrentDefaults } from './rivals/libtorrent.ts'
import { webtorrent } from './rivals/webtorrent.ts'

const MEBIBYTES = 256
const FETCHERS = 4
/** Bytes per second: `--upload-limit 20480`. */
const UPLOAD_LIMIT = 20 * MIB
const DEADLINE = 90_000

const OURS = idleChordcast.name

const COLUMNS: Column[] = [
  { figure: 'ratio', title: 'last ÷ ideal', digits: 2 },
  { figure: 'slowest', title: 'slowest’s own seconds', digits: 2 },
  { figure: 'copies', title: 'copies the seeder sent', digits: 2 },
  { figure: 'duplicates', title: 'received twice, %', digits: 1 },
  { figure: 'cpu', title: 'CPU s, all', digits: 1 },
  { figure: 'seederPeak', title: 'seeder peak MB', digits: 0 },
  { figure: 'fetcherPeak', title: 'largest fetcher peak MB', digits: 0 }
]

const BARS: Bar[] = [
  { claim: 'last of 4 ≤ 1.08 × ideal', contender: OURS, figure: 'ratio', most: 1.08 },
  { claim: 'seeder sends ≤ 1.06 copies', contender: OURS, figure: 'copies', most: 1.06 },
  { claim: 'received twice < 3 %', contender: OURS, figure: 'duplicates', most: 3 },
  ...[libtorrentDefaults, aria2, webtorrent].map(
    ({ name }): Bar => ({
      claim: `last of 4 before ${name}’s`,
      contender: OURS,
      figure: 'ratio',
      against: name,
      most: 1
    })
  )
]

/** A seeder with a slow line, and some who come at once. */
export const swarm: Benchmark = {
  name: 'swarm',
  summary: `a seeder capped at 20 MiB/s and ${FETCHERS} fetchers, against libtorrent, aria2, WebTorrent`,
  runs: 5,
  runsInReport: 2,
  minutes: 8,
  run: measure
}

async function measure(context: BenchContext): Promise<Outcome> {
  const mebibytes = context.mebibytes ?? MEBIBYTES
  const file = await context.scratch.sample(mebibytes)
  const { here, notes } = await whoIsHere([idleChordcast, libtorrentDefaults, webtorrent, aria2])
  const plan = { file, fetchers: FETCHERS, uploadLimit: UPLOAD_LIMIT, deadline: DEADLINE }
  const contenders = here.map(
    (system): Contender => ({
      name: system.name,
      measure: async () => figuresOf(await measureSwarm(system, context.scratch, plan), file.bytes)
    })
  )
  const results = await runContest(contenders, context)
  const ideal = (file.bytes / UPLOAD_LIMIT).toFixed(2)
  const title = `${mebibytes} MiB, a seeder capped at 20 MiB/s, ${FETCHERS} fetchers; ideal ${ideal} s`
  return {
    sections: [{ title, subject: 'system', columns: COLUMNS, results }],
    verdicts: judge(BARS, results),
    notes: [...HOW, ...notes]
  }
}

const HOW = [
  'All fetchers are idle processes that listen already and get the order at once, when the clock starts; it ends when the last has the whole file, checked and fsynced. The others’ know each other from the start.',
  'WebTorrent’s limit lets the first second’s bytes pass at once: a second of its ideal is free.'
]

function figuresOf(measured: SwarmMeasured, bytes: number): Figures {
  const { seconds, each, seeder, fetchers } = measured
  const wanted = bytes * fetchers.length
  return {
    seconds,
    ratio: seconds / (bytes / UPLOAD_LIMIT),
    slowest: Math.max(...each),
    copies: measured.sentBytes / bytes,
    duplicates: (measured.receivedBytes / wanted - 1) * 100,
    cpu: [seeder, ...fetchers].reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    seederPeak: seeder.peakMegabytes,
    fetcherPeak: Math.max(...fetchers.map(({ peakMegabytes }) => peakMegabytes))
  }
}
