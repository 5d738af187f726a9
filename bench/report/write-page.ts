import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { drawLineChart } from '../../test/sim/plots/line-chart.ts'
import { writeMeasured } from '../../test/sim/plots/measured-page.ts'
import type { Chart, Outcome } from '../harness/benchmark.ts'
import { machine } from '../harness/machine.ts'
import { formatVerdict, markdownTable, tableRows } from '../harness/table.ts'
import type { Part } from './run-part.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGE = join(ROOT, 'docs/performance.md')
const COMMAND = 'npm run bench -- report'
const MAX_TICKS = 8

/** Writes what was measured between the marks of docs/performance.md, and its pictures. */
export async function writePage(parts: readonly Part[]): Promise<void> {
  for (const chart of parts.flatMap(({ outcome }) => drawable(outcome))) await writeChart(chart)
  await writeMeasured(PAGE, COMMAND, measured(parts))
}

/** The text between the marks. */
export function measured(parts: readonly Part[]): string[] {
  return [machineLine(), ...parts.flatMap(part => ['', `## ${part.benchmark.name}`, ...textOf(part)])]
}

function machineLine(): string {
  const { cores, processor, memoryGigabytes, system, node } = machine()
  const day = new Date().toISOString().slice(0, 10)
  return `Measured on ${day}: ${cores} cores of ${processor}, ${memoryGigabytes} GB of memory, ${system}, Node ${node}.`
}

function textOf({ benchmark, outcome, failure }: Part): string[] {
  if (!outcome) return ['', `Not measured: ${failure}`]
  const { sections, verdicts, notes } = outcome
  return [
    '',
    `${benchmark.summary[0]?.toUpperCase()}${benchmark.summary.slice(1)}.`,
    ...sections.flatMap(section => ['', `${section.title}:`, '', markdownTable(tableRows(section))]),
    ...(verdicts.length === 0 ? [] : ['', verdictTable(outcome)]),
    ...drawable(outcome).flatMap(({ name, text }) => ['', `![${text}](images/${name}.svg)`]),
    ...[...notes, ...failuresOf(outcome)].flatMap(note => ['', note])
  ]
}

function verdictTable({ verdicts }: Outcome): string {
  return markdownTable([
    ['bar', 'measured'],
    ...verdicts.map(verdict => [verdict.claim, formatVerdict(verdict)])
  ])
}

function failuresOf({ sections }: Outcome): string[] {
  return sections.flatMap(({ results }) =>
    results.flatMap(({ name, failures }) =>
      failures.map(failure => `${name} failed: ${failure.split('\n')[0]}`)
    )
  )
}

/** Charts that have something to show. */
function drawable(outcome: Outcome | undefined): Chart[] {
  return (outcome?.charts ?? []).filter(({ lines }) => lines.some(({ points }) => points.length > 1))
}

async function writeChart({ name, lines, xTitle, yTitle, xScale }: Chart): Promise<void> {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))]
  const every = Math.ceil(xs.length / MAX_TICKS)
  const xTicks = xs.filter((_, index) => index % every === 0)
  const svg = await drawLineChart({ xTitle, yTitle, xScale, xTicks, series: lines })
  await writeFile(join(ROOT, `docs/images/${name}.svg`), svg)
}
