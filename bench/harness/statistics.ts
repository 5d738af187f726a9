import { quantile } from '../../test/sim/swarm/statistics.ts'

/** The middle of some numbers and how far they lie apart. */
export interface Spread {
  median: number
  least: number
  most: number
}

/** `undefined` for no values. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  return { median: quantile(values, 0.5), least: Math.min(...values), most: Math.max(...values) }
}

/**
 * Bounds between which the true median lies with at least 95 % confidence, whatever the distribution: the order statistics
 * that the binomial distribution names (David and Nagaraja, Order Statistics, 7.1). Fewer than six values cannot say that
 * much: then these are the least and the most.
 */
export function medianInterval(values: readonly number[]): [number, number] {
  const sorted = values.toSorted((a, b) => a - b)
  const cut = rankBelow(sorted.length)
  return [sorted[cut] ?? Number.NaN, sorted[sorted.length - 1 - cut] ?? Number.NaN]
}

/** How many values may be left out at each end. */
function rankBelow(count: number): number {
  let probability = 0.5 ** count
  let cumulated = probability
  let cut = 0
  while (cumulated <= 0.025) {
    cut++
    probability *= (count - cut + 1) / cut
    cumulated += probability
  }
  return Math.max(0, cut - 1)
}
