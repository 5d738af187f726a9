import type { Bar, Result, Verdict } from './benchmark.ts'
import { spreadOf } from './statistics.ts'

/** Holds bars against results; those whose contenders did not take part are left out. */
export function judge(bars: readonly Bar[], results: readonly Result[]): Verdict[] {
  return bars.flatMap(bar => {
    const measured = spreadOf(valuesFor(bar, results))
    if (!measured) return []
    const { median } = measured
    const holds = median >= (bar.least ?? -Infinity) && median <= (bar.most ?? Infinity)
    return { claim: bar.claim, measured, holds }
  })
}

/** The figure by run; with `against`, its ratio to the other's figure in the same run. */
function valuesFor({ contender, figure, against }: Bar, results: readonly Result[]): number[] {
  const own = figuresOf(results, contender, figure)
  if (against === undefined) return own.filter(value => value !== undefined)
  const others = figuresOf(results, against, figure)
  return own.flatMap((value, run) => {
    const other = others[run]
    return value === undefined || other === undefined || other === 0 ? [] : value / other
  })
}

function figuresOf(results: readonly Result[], contender: string, figure: string): (number | undefined)[] {
  const runs = results.find(({ name }) => name === contender)?.runs ?? []
  return runs.map(figures => figures?.[figure])
}
