import { writeFile } from 'node:fs/promises'
import { type MassFailureResult, runMassFailure } from '../chord/mass-failure.ts'
import { drawLineChart, type Series } from './line-chart.ts'
import { grouped, numbersTable, writeMeasured } from './measured-page.ts'

const PAGE = 'docs/chord.md'
const COMMAND = 'npm run -s sim -- --plots'
const SEED = 1
const LOOKUPS = 10_000
const SIZES = [16, 64, 256, 1024, 4096, 10_000]
const SHARES = [0, 0.1, 0.2, 0.3, 0.4, 0.5]

/** Stoica et al., ToN 2003, table II: N = 1000, r = 20. Hops without the final one. */
const PAPER = [
  { fail: 0, hops: 3.84, timeouts: 0 },
  { fail: 0.1, hops: 4.03, timeouts: 0.6 },
  { fail: 0.2, hops: 4.22, timeouts: 1.17 },
  { fail: 0.3, hops: 4.44, timeouts: 2.02 },
  { fail: 0.4, hops: 4.69, timeouts: 3.23 },
  { fail: 0.5, hops: 5.09, timeouts: 5.1 }
]

/** Measures hops over the size of the ring and timeouts over the share that died; writes both charts and the tables of the page. */
export async function writePlots(onProgress: (text: string) => void): Promise<void> {
  const bySize: MassFailureResult[] = []
  for (const nodes of SIZES) bySize.push(await measure({ nodes, fail: 0 }, onProgress))
  const byShare: MassFailureResult[] = []
  for (const fail of SHARES) byShare.push(await measure({ nodes: 1000, fail, successors: 20 }, onProgress))
  await writeFile('docs/images/chord-hops.svg', await drawHops(bySize))
  await writeFile('docs/images/chord-timeouts.svg', await drawTimeouts(byShare))
  await writeTables([sizeTable(bySize), shareTable(byShare)])
}

function measure(
  run: { nodes: number; fail: number; successors?: number },
  onProgress: (text: string) => void
): Promise<MassFailureResult> {
  const name = `${run.nodes} nodes, ${run.fail * 100} % dead`
  return runMassFailure({
    ...run,
    lookups: LOOKUPS,
    seed: SEED,
    onProgress: text => onProgress(`${name}: ${text}`)
  })
}

function bound(nodes: number): number {
  return Math.log2(nodes) / 2 + 0.8
}

function drawHops(runs: readonly MassFailureResult[]): Promise<string> {
  const points = (pick: (run: MassFailureResult) => number): Series['points'] =>
    runs.map(run => ({ x: run.nodes, y: pick(run) }))
  return drawLineChart({
    xTitle: 'members of the ring',
    yTitle: 'hops of a look-up',
    xScale: 'log',
    xTicks: SIZES,
    series: [
      { name: 'most that is allowed: ½ log₂ N + 0.8', points: points(run => bound(run.nodes)) },
      { name: 'mean, the hop to the owner included', points: points(run => run.meanHopsWithLast) },
      { name: 'mean, without it', points: points(run => run.meanHops) }
    ]
  })
}

function drawTimeouts(runs: readonly MassFailureResult[]): Promise<string> {
  return drawLineChart({
    xTitle: 'share of the members that died at once',
    yTitle: 'questions to dead members, for each look-up',
    xScale: 'linear',
    xTicks: SHARES,
    series: [
      {
        name: 'Chord paper, one question at a time',
        points: PAPER.map(({ fail, timeouts }) => ({ x: fail, y: timeouts }))
      },
      { name: 'here, three at a time', points: runs.map(run => ({ x: run.fail, y: run.timeoutsPerLookup })) }
    ]
  })
}

function sizeTable(runs: readonly MassFailureResult[]): string {
  const rows = runs.map(run => [
    grouped(run.nodes),
    run.successors,
    `${run.failed} of ${grouped(run.lookups)}`,
    run.meanHops.toFixed(2),
    run.meanHopsWithLast.toFixed(2),
    bound(run.nodes).toFixed(2),
    run.p99Hops,
    Math.round(run.seconds),
    grouped(run.megabytes)
  ])
  return numbersTable(
    ['members', 'list', 'failed', 'mean hops', 'with the last', 'at most', '99 %', 'seconds', 'MB'],
    rows
  )
}

function shareTable(runs: readonly MassFailureResult[]): string {
  const rows = runs.map((run, index) => [
    run.fail,
    `${run.failed} of ${grouped(run.lookups)}`,
    run.meanHops.toFixed(2),
    PAPER[index]?.hops.toFixed(2) ?? '',
    run.p99Hops,
    run.timeoutsPerLookup.toFixed(2),
    PAPER[index]?.timeouts.toFixed(2) ?? ''
  ])
  return numbersTable(['died', 'failed', 'mean hops', 'paper', '99 %', 'asked in vain', 'paper'], rows)
}

function writeTables([sizes = '', shares = '']: readonly string[]): Promise<void> {
  return writeMeasured(PAGE, COMMAND, [
    'Nobody dies; lists as long as the product makes them:',
    '',
    sizes,
    '',
    '![Hops over the number of members, below the bound](images/chord-hops.svg)',
    '',
    '1,000 members with lists of 20, of whom a share dies at once, without a word; nothing is repaired:',
    '',
    shares,
    '',
    '![Questions to dead members over the share that died](images/chord-timeouts.svg)'
  ])
}
