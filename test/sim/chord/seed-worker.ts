import { parentPort } from 'node:worker_threads'
import { type InvariantReport, InvariantRun } from './invariant-run.ts'

/** What a worker answers for one seed. */
export interface SeedResult {
  seed: number
  /** CPU and waiting together. */
  seconds: number
  report?: InvariantReport
  /** Message and stack of what failed. */
  failure?: string
}

/** Runs one seed. Never throws: what fails is in the result. */
export async function runSeed(seed: number): Promise<SeedResult> {
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  try {
    const report = await new InvariantRun(seed).run()
    return { seed, seconds: seconds(), report }
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { seed, seconds: seconds(), failure }
  }
}

// Thousands of simulated failures are errors too, and a stack costs more than the rest of them.
if (parentPort) Error.stackTraceLimit = 2

parentPort?.on('message', (seed: number) => {
  void runSeed(seed).then(result => parentPort?.postMessage(result))
})
