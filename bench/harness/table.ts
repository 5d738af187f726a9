import type { Column, Result, Section, Verdict } from './benchmark.ts'
import { spreadOf } from './statistics.ts'

/** The rows of a table, the head first: a median, and from the least to the most where there were several runs. */
export function tableRows({ subject, columns, results }: Section): string[][] {
  const used = columns.filter(column => results.some(result => valuesOf(result, column).length > 0))
  const head = [subject, ...used.map(({ title }) => title)]
  return [head, ...results.map(result => [result.name, ...used.map(column => cell(result, column))])]
}

function cell(result: Result, column: Column): string {
  const values = valuesOf(result, column)
  if (values.length === 0) return result.runs.length > 0 && result.failures.length > 0 ? 'failed' : ''
  return formatSpread(values, column.digits)
}

function valuesOf({ runs }: Result, { figure }: Column): number[] {
  const values = runs.map(figures => figures?.[figure] ?? Number.NaN)
  return values.filter(value => !Number.isNaN(value))
}

/** "318 (301–322)", or "318" for one value. */
export function formatSpread(values: readonly number[], digits: number): string {
  const spread = spreadOf(values)
  if (!spread) return ''
  const [median, least, most] = [spread.median, spread.least, spread.most].map(value => value.toFixed(digits))
  return values.length > 1 ? `${median} (${least}–${most})` : String(median)
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
