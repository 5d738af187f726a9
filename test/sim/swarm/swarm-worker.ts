import { parentPort } from 'node:worker_threads'
import type { SwarmResult } from './swarm-result.ts'
import { type SwarmOptions, SwarmRun } from './swarm-run.ts'

// Thousands of simulated failures are errors too, and a stack costs more than the rest of them.
Error.stackTraceLimit = 2

parentPort?.on('message', (options: SwarmOptions) => {
  void new SwarmRun(options).run().then((result: SwarmResult) => parentPort?.postMessage(result))
})
