import { setTimeout as delay } from 'node:timers/promises'
import type { BenchContext, Contender, Figures, Result } from './benchmark.ts'

/** Milliseconds in which a machine calms down after a contender's processes have ended. */
const PAUSE = 300

/**
 * Measures contenders in turns, so that whatever else the machine does falls on all of them alike. Who begins changes from run
 * to run. One that fails does not keep the others from going on.
 */
export async function runContest(
  contenders: readonly Contender[],
  { runs, progress }: Pick<BenchContext, 'runs' | 'progress'>,
  pause = PAUSE
): Promise<Result[]> {
  const results = contenders.map(({ name }): Result => ({ name, runs: [], failures: [] }))
  for (let run = 0; run < runs; run++)
    for (const index of rotated(contenders.length, run)) {
      const [contender, result] = [contenders[index], results[index]]
      if (!contender || !result) continue
      progress(`${contender.name}, run ${run + 1} of ${runs}`)
      result.runs.push(await attempt(contender, run, result.failures))
      await delay(pause)
    }
  return results
}

/** The places 0 to `count` − 1, from another one on in each run. */
export function rotated(count: number, run: number): number[] {
  return Array.from({ length: count }, (_, place) => (place + run) % count)
}

async function attempt(contender: Contender, run: number, failures: string[]): Promise<Figures | undefined> {
  try {
    return await contender.measure(run)
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error))
    return undefined
  }
}
