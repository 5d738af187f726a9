import { writeFile } from 'node:fs/promises'
import { drawLineChart, type Series } from '../plots/line-chart.ts'
import { grouped, numbersTable, writeMeasured } from '../plots/measured-page.ts'
import { runMany } from './run-many.ts'
import { median } from './statistics.ts'
import type { SwarmResult } from './swarm-result.ts'

const PAGE = 'docs/swarm.md'
const PICTURE = 'images/swarm-messages.svg'
const COMMAND = 'npm run -s sim:swarm -- --plots'
const SIZES = [12, 25, 50, 100, 200]
const SEEDS = [1, 2, 3]
const MEGABYTES = 16

/** What a crowd of one size costs each peer: medians over the seeds. */
interface Cost {
  peers: number
  messages: number
  bytes: number
  ratio: number
  ownerCopies: number
}

/** Measures what a flash crowd costs each of its peers over its size; writes the chart and the table of the page. */
export async function writePlots(onProgress: (text: string) => void): Promise<void> {
  const runs = SIZES.flatMap(peers =>
    SEEDS.map(seed => ({ peers, seed, scenario: 'flash-crowd' as const, megabytes: MEGABYTES }))
  )
  const results = await runMany(runs, (_result, place) => onProgress(`${place + 1} of ${runs.length}`))
  const costs = SIZES.map(peers => costOf(results.filter(result => result.peers === peers)))
  await writeFile(`docs/${PICTURE}`, await drawMessages(costs))
  await writeMeasured(PAGE, COMMAND, [
    costTable(costs),
    '',
    `![Messages that each peer sends, over the number of peers](${PICTURE})`
  ])
}

function costOf(results: readonly SwarmResult[]): Cost {
  const middle = (of: (result: SwarmResult) => number): number => median(results.map(of))
  return {
    peers: results[0]?.peers ?? 0,
    messages: middle(({ controlMessages }) => controlMessages),
    bytes: middle(({ controlBytes }) => controlBytes),
    ratio: middle(({ ratio }) => ratio),
    ownerCopies: middle(({ ownerCopies }) => ownerCopies)
  }
}

function drawMessages(costs: readonly Cost[]): Promise<string> {
  const measured = costs.map(({ peers, messages }) => ({ x: peers, y: messages }))
  return drawLineChart({
    xTitle: 'peers of the crowd',
    yTitle: 'messages that each peer sends besides chunks',
    xScale: 'log',
    xTicks: SIZES,
    series: [
      { name: 'measured', points: measured },
      { name: 'the logarithm through 12 and 50', points: logarithmThrough(measured, 12, 50) }
    ]
  })
}

/** y = a + b · log x, as far as `points` go, through those of them at two places. */
function logarithmThrough(points: Series['points'], first: number, second: number): Series['points'] {
  const at = (x: number): number => points.find(point => point.x === x)?.y ?? Number.NaN
  const slope = (at(second) - at(first)) / Math.log(second / first)
  return points.map(({ x }) => ({ x, y: at(first) + slope * Math.log(x / first) }))
}

function costTable(costs: readonly Cost[]): string {
  return numbersTable(
    ['peers', 'messages of each peer', 'kB of them', 'last ÷ ideal', 'copies the owner sent'],
    costs.map(({ peers, messages, bytes, ratio, ownerCopies }) => [
      peers,
      grouped(Math.round(messages)),
      Math.round(bytes / 1000),
      ratio.toFixed(2),
      ownerCopies.toFixed(1)
    ])
  )
}
