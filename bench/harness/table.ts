import type { Column, Result, Section, Verdict } from './benchmark.ts'
import { medianInterval, spreadOf } from './statistics.ts'

/** The rows of a table, the head first: a median, and what the section wants beside it where there were several runs. */
export function tableRows({ subject, columns, results, spread }: Section): string[][] {
  const used = columns.filter(column => results.some(result => valuesOf(result, column).length > 0))
  const head = [subject, ...used.map(({ title }) => title)]
  return [head, ...results.map(result => [result.name, ...used.map(column => cell(result, column, spread))])]
}

function cell(result: Result, column: Column, spread: Section['spread']): string {
  const values = valuesOf(result, column)
  if (values.length === 0) return result.runs.length > 0 && result.failures.length > 0 ? 'failed' : ''
  return formatValues(values, column.digits, spread)
}

function valuesOf({ runs }: Result, { figure }: Column): number[] {
  const values = runs.map(figures => figures?.[figure] ?? Number.NaN)
  return values.filter(value => !Number.isNaN(value))
}

/** "318 (301–322)", or "318" where all are the same. */
function formatValues(values: readonly number[], digits: number, spread: Section['spread']): string {
  const whole = spreadOf(values)
  const [least, most] = spread === 'interval' ? medianInterval(values) : [whole?.least, whole?.most]
  const [middle, low, high] = [whole?.median, least, most].map(value => value?.toFixed(digits))
  return low === high ? `${middle}` : `${middle} (${low}–${high})`
}

/** "0.31 (0.29–0.35), falls short" */
export function formatVerdict({ measured, holds }: Verdict): string {
  const { median, least, most } = measured
  const range = least === most ? '' : ` (${least.toFixed(2)}–${most.toFixed(2)})`
  return `${median.toFixed(2)}${range}, ${holds ? 'reached' : 'falls short'}`
}

/** For a terminal: columns under each other. */
export function plainTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')
  return rows.map(row => line(row).trimEnd()).join('\n')
}

/** For a page. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [head, rule, ...body].map(row => `| ${row.join(' | ')} |`).join('\n')
}
