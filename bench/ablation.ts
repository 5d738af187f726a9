import { DEFAULT_STRATEGY, parseStrategy } from '../src/peer/strategy.ts'
import { runMany } from '../test/sim/swarm/run-many.ts'
import type { ScenarioName } from '../test/sim/swarm/scenarios.ts'
import type { SwarmResult } from '../test/sim/swarm/swarm-result.ts'
import type {
  BenchContext,
  Benchmark,
  Column,
  Figures,
  Outcome,
  Result,
  Section,
  Verdict
} from './harness/benchmark.ts'
import { chordcastWith } from './harness/chordcast.ts'
import { runContest } from './harness/contest.ts'
import { measureSwarm } from './harness/measure-swarm.ts'
import { MIB } from './harness/scratch.ts'
import { medianInterval, spreadOf } from './harness/statistics.ts'

const SEEDS = 20
const SIMULATED_PEERS = 16
const SIMULATED_MEGABYTES = 8
const MEBIBYTES = 64
const FETCHERS = 4
const UPLOAD_LIMIT = 20 * MIB
const DEADLINE = 90_000
const DEFAULT = 'as it is'

/** What is exchanged in which scenario, and how much time the default must save against it, in per cent. */
interface Experiment {
  scenario: ScenarioName
  /** As `--strategy` has it. */
  without: { strategy: string; name: string; saves?: number }[]
}

const SIMULATED: Experiment[] = [
  {
    scenario: 'flash-crowd',
    without: [
      { strategy: 'pool=off', name: 'without pool and idle sweep', saves: 30 },
      { strategy: 'gossip=off', name: 'without gossip', saves: 25 },
      { strategy: 'firstCopy=off', name: 'without first-copy mode' }
    ]
  },
  {
    scenario: 'heterogeneous',
    without: [
      { strategy: 'selection=random', name: 'holders at random', saves: 40 },
      { strategy: 'selection=rate', name: 'holders by rate alone' }
    ]
  },
  {
    scenario: 'leaving-holders',
    without: [
      { strategy: 'order=random', name: 'chunks at random' },
      { strategy: 'order=sequential', name: 'chunks in sequence' }
    ]
  }
]

const REAL = ['', 'selection=random', 'order=sequential', 'pool=off', 'gossip=off', 'firstCopy=off']

const SIMULATED_COLUMNS: Column[] = [
  { figure: 'last', title: 'last one’s seconds', digits: 1 },
  { figure: 'median', title: 'median peer’s seconds', digits: 1 },
  { figure: 'saved', title: 'time saved by the default, %', digits: 0 },
  { figure: 'lostChunks', title: 'chunks lost', digits: 0 },
  { figure: 'ownerCopies', title: 'copies the owner sent', digits: 2 },
  { figure: 'dials', title: 'dials of a peer', digits: 1 },
  { figure: 'failed', title: 'peers that did not finish', digits: 0 }
]

const REAL_COLUMNS: Column[] = [
  { figure: 'ratio', title: 'last ÷ ideal', digits: 2 },
  { figure: 'copies', title: 'copies the seeder sent', digits: 2 },
  { figure: 'cpu', title: 'CPU s, all', digits: 1 }
]

/** What each policy of a swarm is worth. */
export const ablation: Benchmark = {
  name: 'ablation',
  summary: `policies of a swarm exchanged one by one: ${SEEDS} seeds of the simulator, and real processes`,
  runs: 5,
  runsInReport: 1,
  minutes: 8,
  run: measure
}

async function measure(context: BenchContext): Promise<Outcome> {
  const sections: Section[] = []
  const verdicts: Verdict[] = []
  for (const experiment of SIMULATED) {
    const results = await simulate(experiment, context)
    sections.push(sectionOf(experiment, results))
    verdicts.push(...judgeSaving(experiment, results))
  }
  sections.push(await measureReal(context))
  return {
    sections,
    verdicts,
    notes: [
      `Simulated: ${SIMULATED_PEERS} peers, ${SIMULATED_MEGABYTES} MB, ${SEEDS} seeds; medians, and bounds for the median with 95 % confidence. Time saved: 1 − default ÷ other, seed by seed.`,
      'Real processes on one machine share its cores: what a policy saves on slow lines hardly shows there.'
    ]
  }
}

async function simulate({ scenario, without }: Experiment, { progress }: BenchContext): Promise<Result[]> {
  const variants = [{ name: DEFAULT, strategy: '' }, ...without]
  const runs = variants.flatMap(({ strategy }) =>
    Array.from({ length: SEEDS }, (_, index) => ({
      scenario,
      seed: index + 1,
      peers: SIMULATED_PEERS,
      megabytes: SIMULATED_MEGABYTES,
      strategy: strategy ? parseStrategy(strategy) : DEFAULT_STRATEGY
    }))
  )
  const found = await runMany(runs, (_result, place) =>
    progress(`simulating ${scenario}: ${place + 1} of ${runs.length}`)
  )
  return variants.map(({ name }, variant) => ({
    name,
    failures: [],
    runs: found
      .slice(variant * SEEDS, (variant + 1) * SEEDS)
      .map((result, seed) => figuresOf(result, variant === 0 ? undefined : found[seed]))
  }))
}

function figuresOf(result: SwarmResult, byDefault: SwarmResult | undefined): Figures {
  const { median, lostChunks, ownerCopies, dials, failed } = result
  return {
    last: timeOf(result),
    median,
    lostChunks,
    ownerCopies,
    dials,
    failed,
    ...(byDefault ? { saved: (1 - timeOf(byDefault) / timeOf(result)) * 100 } : {})
  }
}

/** Of a swarm in which somebody did not finish there is no time. */
function timeOf({ last }: SwarmResult): number {
  return Number.isFinite(last) ? last : Number.NaN
}

function sectionOf({ scenario }: Experiment, results: Result[]): Section {
  return {
    title: `Simulated: ${scenario}`,
    subject: 'policy',
    columns: SIMULATED_COLUMNS,
    results,
    spread: 'interval'
  }
}

function judgeSaving({ scenario, without }: Experiment, results: readonly Result[]): Verdict[] {
  return without.flatMap(({ name, saves }): Verdict[] => {
    const runs = results.find(result => result.name === name)?.runs ?? []
    const saved = runs.map(figures => figures?.saved ?? Number.NaN).filter(value => !Number.isNaN(value))
    const whole = spreadOf(saved)
    if (saves === undefined || !whole) return []
    const [least, most] = medianInterval(saved)
    const claim = `${scenario}: ≥ ${saves} % of the time saved against “${name}”`
    return [{ claim, measured: { median: whole.median, least, most }, holds: whole.median >= saves }]
  })
}

async function measureReal(context: BenchContext): Promise<Section> {
  const mebibytes = context.mebibytes ?? MEBIBYTES
  const file = await context.scratch.sample(mebibytes)
  const plan = { file, fetchers: FETCHERS, uploadLimit: UPLOAD_LIMIT, deadline: DEADLINE }
  const contenders = REAL.map(strategy => ({
    name: strategy || DEFAULT,
    measure: async () => {
      const system = chordcastWith(strategy ? { extra: ['--strategy', strategy] } : {})
      const { seconds, sentBytes, seeder, fetchers } = await measureSwarm(system, context.scratch, plan)
      return {
        ratio: seconds / (file.bytes / UPLOAD_LIMIT),
        copies: sentBytes / file.bytes,
        cpu: [seeder, ...fetchers].reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
      }
    }
  }))
  const results = await runContest(contenders, context)
  const title = `Real processes: ${mebibytes} MiB, a seeder capped at 20 MiB/s, ${FETCHERS} fetchers`
  return { title, subject: 'policy', columns: REAL_COLUMNS, results }
}
