import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { SeedResult } from './seed-worker.ts'

/** Runs seeds on all cores, each in the order given. */
export class SeedPool {
  readonly #waiting: number[]
  readonly #results = new Map<number, PromiseWithResolvers<SeedResult>>()
  readonly #workers: Worker[]

  constructor(seeds: readonly number[], workers = availableParallelism()) {
    this.#waiting = [...seeds]
    for (const seed of seeds) this.#results.set(seed, Promise.withResolvers())
    this.#workers = Array.from({ length: Math.min(workers, seeds.length) }, () => this.#startWorker())
  }

  /** Resolves when that seed is done; its failure is in the result. */
  async result(seed: number): Promise<SeedResult> {
    const awaited = this.#results.get(seed)
    if (!awaited) throw new RangeError(`Seed ${seed} is not among those that run.`)
    return awaited.promise
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.terminate()))
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL('seed-worker.ts', import.meta.url))
    worker.on('message', (result: SeedResult) => {
      this.#results.get(result.seed)?.resolve(result)
      this.#giveNext(worker)
    })
    // A worker that breaks off takes its seed with it; the others are told the same, for nobody runs them any more.
    worker.on('error', error => {
      for (const [seed, { resolve }] of this.#results) resolve({ seed, seconds: 0, failure: String(error) })
    })
    this.#giveNext(worker)
    return worker
  }

  #giveNext(worker: Worker): void {
    const seed = this.#waiting.shift()
    if (seed !== undefined) worker.postMessage(seed)
  }
}
