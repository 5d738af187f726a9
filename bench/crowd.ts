import type { VideoSnapshot } from '../src/peer/api.ts'
import type { Bar, BenchContext, Benchmark, Figures, Outcome } from './harness/benchmark.ts'
import { ChordcastSeeder } from './harness/chordcast.ts'
import { runContest } from './harness/contest.ts'
import { judge } from './harness/judge.ts'
import { ProcessMeter } from './harness/process-meter.ts'
import { RunningPeer } from './harness/running-peer.ts'
import { MIB } from './harness/scratch.ts'

const FETCHERS = 50
const MEBIBYTES = 16
/** Processes that start at a time. */
const AT_ONCE = 5
const DEADLINE = 180_000

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
      'The fetchers’ processes run before the clock starts; then all are told to fetch by link at the same moment.'
    ]
  }
}

async function fetchAtOnce(mebibytes: number, { scratch, progress }: BenchContext): Promise<Figures> {
  const file = await scratch.sample(mebibytes)
  const folder = await scratch.newFolder()
  const seeder = await ChordcastSeeder.start(file, { folder })
  const peers: RunningPeer[] = []
  try {
    for (let started = 0; started < FETCHERS; started += AT_ONCE) {
      progress(`${started} of ${FETCHERS} processes run`)
      const batch = Array.from({ length: AT_ONCE }, (_, offset) => `${folder}/${started + offset}`)
      peers.push(...(await Promise.all(batch.map(data => RunningPeer.start(data, ['peer'])))))
    }
    progress('fetching')
    const meter = new ProcessMeter(seeder.pid)
    const times = await Promise.all(
      peers.map((peer, index) => fetchSeconds(peer, seeder.address, `${folder}/${index}.out`))
    )
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
    await Promise.all([...peers, seeder].map(process => process.stop()))
    await scratch.remove(folder)
  }
}

/** Seconds from the order to the finished file. */
async function fetchSeconds({ api }: RunningPeer, link: string, output: string): Promise<number> {
  const since = performance.now()
  const ended = Promise.withResolvers<void>()
  const timer = setTimeout(() => ended.reject(new Error('A fetcher did not finish in time.')), DEADLINE)
  const stopListening = api.on('video', ({ state, failure }: VideoSnapshot) => {
    if (state === 'complete') ended.resolve()
    else if (state === 'failed') ended.reject(new Error(failure?.message ?? 'A fetcher failed.'))
  })
  try {
    await api.fetch(link, { output })
    await ended.promise
    return (performance.now() - since) / 1000
  } finally {
    clearTimeout(timer)
    stopListening()
  }
}
