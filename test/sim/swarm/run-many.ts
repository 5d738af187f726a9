import { SeedPool } from '../chord/seed-pool.ts'
import type { SwarmResult } from './swarm-result.ts'
import type { SwarmOptions } from './swarm-run.ts'

/** Runs swarms on all cores; each result is told in the order of the options. */
export async function runMany(
  runs: readonly SwarmOptions[],
  onResult: (result: SwarmResult, place: number) => void = () => undefined
): Promise<SwarmResult[]> {
  const pool = new SeedPool<SwarmOptions, SwarmResult>(new URL('swarm-worker.ts', import.meta.url), runs)
  try {
    const results: SwarmResult[] = []
    for (const place of runs.keys()) {
      const result = await pool.result(place)
      onResult(result, place)
      results.push(result)
    }
    return results
  } finally {
    await pool.close()
  }
}
