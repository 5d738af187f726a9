import { DEFAULT_STRATEGY, type Strategy } from '../../../src/peer/strategy.ts'
import { SeededRandom } from '../chord/seeded-random.ts'
import { runMany } from './run-many.ts'
import type { ScenarioName } from './scenarios.ts'
import { median, quantile, significant } from './statistics.ts'
import type { SwarmResult } from './swarm-result.ts'

/** What is compared: policies, and where. The first of `variants` is what the product does. */
interface Ablation {
  readonly about: string
  readonly scenarios: readonly ScenarioName[]
  readonly variants: readonly Partial<Strategy>[]
}

export const ABLATIONS = {
  selection: {
    about:
      'choice of the holder: by expected finish, load and reputation; by expected finish alone; at random',
    scenarios: ['heterogeneous', 'overloaded-favourite'],
    variants: [{ selection: 'scored' }, { selection: 'rate' }, { selection: 'random' }]
  },
  order: {
    about: 'order of the chunks, the owner leaving when 60 % has been sent',
    scenarios: ['leaving-owner', 'leaving-holders'],
    variants: [{ order: 'rarest' }, { order: 'random' }, { order: 'sequential' }]
  },
  gossip: {
    about: 'hints, against looking into the ring each 60 s',
    scenarios: ['flash-crowd', 'leaving-holders'],
    variants: [{ gossip: 'on' }, { gossip: 'off' }]
  },
  firstCopy: {
    about: 'the owner offers each peer other chunks first',
    scenarios: ['flash-crowd', 'slow-seeder'],
    variants: [{ firstCopy: 'on' }, { firstCopy: 'off' }]
  }
} as const satisfies Record<string, Ablation>

export type AblationName = keyof typeof ABLATIONS

export const ABLATION_NAMES = Object.keys(ABLATIONS) as AblationName[]

/** A median and the interval that holds it in 95 % of resamplings. */
export interface Estimate {
  median: number
  low: number
  high: number
}

/** One variant in one scenario, over all seeds. */
export interface AblationRow {
  scenario: string
  variant: string
  seeds: number
  /** Simulated seconds until the last peer, and the middle one, had everything; of the runs that ended. */
  last: Estimate
  middle: Estimate
  /** By how much less the first variant takes than this one for the last peer, in percent, seed by seed. */
  gain?: Estimate
  /** Runs in which some peer did not get everything, and chunks that were lost in all. */
  incomplete: number
  lostChunks: number
  duplicateShare: number
  ownerCopies: number
}

export interface AblationOptions {
  peers: number
  megabytes: number
  seeds: number
  onProgress?: (text: string) => void
}

/** Runs every variant with the same seeds. */
export async function runAblation(name: AblationName, options: AblationOptions): Promise<AblationRow[]> {
  const { scenarios, variants }: Ablation = ABLATIONS[name]
  const cells = scenarios.flatMap(scenario => variants.map(variant => ({ scenario, variant })))
  const { onProgress, ...plain } = options
  const runs = cells.flatMap(({ scenario, variant }) => {
    const strategy = { ...DEFAULT_STRATEGY, ...variant }
    return seedsOf(options).map(seed => ({ ...plain, scenario, strategy, seed }))
  })
  const results = await runMany(runs, (_, place) => onProgress?.(`${name}: ${place + 1} of ${runs.length}`))
  return cells.map(({ scenario, variant }, place) => {
    const of = (cell: number): SwarmResult[] =>
      results.slice(cell * options.seeds, (cell + 1) * options.seeds)
    const first = place - (place % variants.length)
    const row = summariseVariant(scenario, describeVariant(variant), of(place))
    return place === first ? row : { ...row, gain: gainOver(of(first), of(place)) }
  })
}

function seedsOf({ seeds }: AblationOptions): number[] {
  return Array.from({ length: seeds }, (_, index) => index + 1)
}

function describeVariant(variant: Partial<Strategy>): string {
  return Object.entries(variant)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
}

function summariseVariant(scenario: string, variant: string, results: readonly SwarmResult[]): AblationRow {
  const ended = results.filter(({ failed }) => failed === 0)
  return {
    scenario,
    variant,
    seeds: results.length,
    last: estimate(ended.map(({ last }) => last)),
    middle: estimate(ended.map(result => result.median)),
    incomplete: results.length - ended.length,
    lostChunks: results.reduce((sum, { lostChunks }) => sum + lostChunks, 0),
    duplicateShare: significant(median(results.map(({ duplicateShare }) => duplicateShare)), 3),
    ownerCopies: significant(median(results.map(({ ownerCopies }) => ownerCopies)), 3)
  }
}

function gainOver(first: readonly SwarmResult[], others: readonly SwarmResult[]): Estimate {
  const gains = others.flatMap((other, place) => {
    const same = first[place]
    return same && same.failed === 0 && other.failed === 0 ? 100 * (1 - same.last / other.last) : []
  })
  return estimate(gains)
}

const RESAMPLINGS = 2000

/** The bootstrap's 95 % interval of a median (Efron 1979), the same each time. */
export function estimate(values: readonly number[]): Estimate {
  const random = new SeededRandom(values.length)
  const medians = Array.from({ length: RESAMPLINGS }, () =>
    median(Array.from(values, () => random.pick(values)))
  )
  return {
    median: significant(median(values), 3),
    low: significant(quantile(medians, 0.025), 3),
    high: significant(quantile(medians, 0.975), 3)
  }
}
