import { mean, median, quantile, significant } from './statistics.ts'
import type { SwarmResult } from './swarm-result.ts'

/** Several seeds of one scenario. */
export interface SeedSummary {
  scenario: string
  peers: number
  chunks: number
  seeds: number
  /** Runs in which everybody who stayed got everything that was left. */
  held: number
  /** Peers that did not get everything, and chunks that were lost, over all runs. */
  failed: number
  lostChunks: number
  starvedChunks: number
  /** Simulated seconds of the last one ÷ ideal: median over the seeds, and the middle nine tenths. */
  ratio: number
  ratio5: number
  ratio95: number
  /** The largest of any seed, and the median. */
  worstDuplicateShare: number
  duplicateShare: number
  ownerCopies: number
  controlMessages: number
  controlBytes: number
  poisonings: number
  poisoningsBanned: number
  mostForgeries: number
  /** Over all runs. */
  realSeconds: number
}

/** Nobody lacks what somebody has; whoever sent a forged chunk is banned after the first. */
export function holds(result: SwarmResult): boolean {
  const isPunished = result.poisoningsBanned === result.poisonings && result.mostForgeries <= 1
  return isPunished && result.starvedChunks === 0 && (result.failed === 0 || result.lostChunks > 0)
}

export function summariseSeeds(results: readonly SwarmResult[]): SeedSummary {
  const all = (of: (result: SwarmResult) => number): number[] => results.map(of)
  const sum = (of: (result: SwarmResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0)
  const ratios = all(({ ratio }) => ratio)
  const [first] = results
  return {
    scenario: first?.scenario ?? '',
    peers: first?.peers ?? 0,
    chunks: first?.chunks ?? 0,
    seeds: results.length,
    held: results.filter(holds).length,
    failed: sum(({ failed }) => failed),
    lostChunks: sum(({ lostChunks }) => lostChunks),
    starvedChunks: sum(({ starvedChunks }) => starvedChunks),
    ratio: significant(median(ratios)),
    ratio5: significant(quantile(ratios, 0.05)),
    ratio95: significant(quantile(ratios, 0.95)),
    worstDuplicateShare: Math.max(...all(({ duplicateShare }) => duplicateShare)),
    duplicateShare: significant(median(all(({ duplicateShare }) => duplicateShare))),
    ownerCopies: significant(median(all(({ ownerCopies }) => ownerCopies))),
    controlMessages: significant(mean(all(({ controlMessages }) => controlMessages))),
    controlBytes: significant(mean(all(({ controlBytes }) => controlBytes))),
    poisonings: sum(({ poisonings }) => poisonings),
    poisoningsBanned: sum(({ poisoningsBanned }) => poisoningsBanned),
    mostForgeries: Math.max(...all(({ mostForgeries }) => mostForgeries)),
    realSeconds: significant(
      sum(({ realSeconds }) => realSeconds),
      3
    )
  }
}
