import { quantile } from '../test/sim/swarm/statistics.ts'
import type {
  Bar,
  BenchContext,
  Benchmark,
  Chart,
  Contender,
  Figures,
  Outcome,
  Result
} from './harness/benchmark.ts'
import { chordcast } from './harness/chordcast.ts'
import { runContest } from './harness/contest.ts'
import { judge } from './harness/judge.ts'
import { measureSwarm, type SwarmMeasured } from './harness/measure-swarm.ts'
import type { TransferSystem } from './harness/transfer-system.ts'
import { tlsCopy } from './rivals/tls-copy.ts'

/** MiB. */
const SIZES = [64, 256, 1024, 4096]
const SWARM_SIZE = 64
const FETCHERS = [1, 2, 4, 8, 16]
const DEADLINE = 240_000
const GIB = 2 ** 30
const MAX_PEAK = 250
/** How much more memory the largest file may take than the smallest and still count as flat. */
const FLAT = 1.25

const COLUMNS = [
  { figure: 'rate', title: 'MB/s to all', digits: 0 },
  { figure: 'seconds', title: 'seconds', digits: 1 },
  { figure: 'cpu', title: 'CPU s for each GiB fetched', digits: 1 },
  { figure: 'seederPeak', title: 'seeder peak MB', digits: 0 },
  { figure: 'fetcherPeak', title: 'largest fetcher peak MB', digits: 0 }
]

/** What a larger file costs, and what more fetchers do. */
export const scale: Benchmark = {
  name: 'scale',
  summary: `cost and memory over ${SIZES.at(0)} to ${SIZES.at(-1)} MiB, and over ${FETCHERS.at(0)} to ${FETCHERS.at(-1)} fetchers; --mib is the largest size`,
  runs: 1,
  minutes: 7,
  run: measure
}

async function measure(context: BenchContext): Promise<Outcome> {
  const sizes = SIZES.filter(size => size <= (context.mebibytes ?? Number.POSITIVE_INFINITY))
  const bySize: Result[] = []
  for (const size of sizes) bySize.push(...(await measureSize(size, context)))
  const byFetchers = await runContest(
    FETCHERS.map(fetchers => contender(`${fetchers}`, chordcast, { size: SWARM_SIZE, fetchers }, context)),
    context
  )
  return {
    sections: [
      { title: 'One to one, by size', subject: 'system and MiB', columns: COLUMNS, results: bySize },
      {
        title: `${SWARM_SIZE} MiB from one seeder, by fetchers at once`,
        subject: 'fetchers',
        columns: COLUMNS,
        results: byFetchers
      }
    ],
    verdicts: judge(barsFor(sizes), bySize),
    notes: [],
    charts: [memoryChart(sizes, bySize), cpuChart(byFetchers)]
  }
}

/** The sample goes before the next one comes: the largest takes as much of the disk as all copies of it together. */
async function measureSize(size: number, context: BenchContext): Promise<Result[]> {
  const contenders = [chordcast, tlsCopy].map(system =>
    contender(nameFor(system, size), system, { size, fetchers: 1 }, context)
  )
  const results = await runContest(contenders, context)
  if (size !== SWARM_SIZE) await context.scratch.removeSample(size)
  return results
}

function nameFor({ name }: TransferSystem, size: number): string {
  return `${name}, ${size}`
}

function contender(
  name: string,
  system: TransferSystem,
  { size, fetchers }: { size: number; fetchers: number },
  { scratch }: BenchContext
): Contender {
  return {
    name,
    measure: async () => {
      const file = await scratch.sample(size)
      return figuresOf(
        await measureSwarm(system, scratch, { file, fetchers, deadline: DEADLINE }),
        file.bytes
      )
    }
  }
}

function figuresOf({ seconds, seeder, fetchers }: SwarmMeasured, bytes: number): Figures {
  const all = bytes * fetchers.length
  const cpuSeconds = [seeder, ...fetchers].reduce((sum, usage) => sum + usage.cpuSeconds, 0)
  return {
    rate: all / 1e6 / seconds,
    seconds,
    cpu: (cpuSeconds * GIB) / all,
    seederPeak: seeder.peakMegabytes,
    fetcherPeak: Math.max(...fetchers.map(({ peakMegabytes }) => peakMegabytes))
  }
}

function barsFor(sizes: readonly number[]): Bar[] {
  const [smallest = 0, largest = 0] = [sizes.at(0), sizes.at(-1)]
  const contender = nameFor(chordcast, largest)
  return (['seederPeak', 'fetcherPeak'] as const).flatMap((figure): Bar[] => {
    const side = figure === 'seederPeak' ? 'seeder' : 'fetcher'
    return [
      {
        claim: `${side}’s peak memory < ${MAX_PEAK} MB at ${largest} MiB`,
        contender,
        figure,
        most: MAX_PEAK
      },
      {
        claim: `${side}’s peak memory at ${largest} MiB ≤ ${FLAT} × that at ${smallest} MiB`,
        contender,
        figure,
        against: nameFor(chordcast, smallest),
        most: FLAT
      }
    ]
  })
}

function memoryChart(sizes: readonly number[], results: readonly Result[]): Chart {
  const line = (figure: string): { x: number; y: number }[] =>
    sizes.flatMap(size => point(size, results, nameFor(chordcast, size), figure))
  return {
    name: 'performance-memory',
    text: 'Peak memory of seeder and fetcher over the size of the video',
    xTitle: 'MiB',
    yTitle: 'peak memory, MB',
    xScale: 'log',
    lines: [
      { name: 'seeder', points: line('seederPeak') },
      { name: 'fetcher', points: line('fetcherPeak') }
    ]
  }
}

function cpuChart(results: readonly Result[]): Chart {
  return {
    name: 'performance-fetchers',
    text: 'CPU seconds for each GiB fetched over the number of fetchers',
    xTitle: 'fetchers at once',
    yTitle: 'CPU seconds for each GiB fetched',
    xScale: 'log',
    lines: [
      {
        name: 'all processes together',
        points: FETCHERS.flatMap(fetchers => point(fetchers, results, `${fetchers}`, 'cpu'))
      }
    ]
  }
}

function point(
  x: number,
  results: readonly Result[],
  name: string,
  figure: string
): { x: number; y: number }[] {
  const runs = results.find(result => result.name === name)?.runs ?? []
  const values = runs.flatMap(figures => figures?.[figure] ?? [])
  return values.length === 0 ? [] : [{ x, y: quantile(values, 0.5) }]
}
