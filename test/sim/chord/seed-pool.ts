import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** Runs jobs on all cores, each in the order given; `script` answers every message with one result. */
export class SeedPool<Job, Result> {
  readonly #script: URL
  readonly #jobs: readonly Job[]
  readonly #results: PromiseWithResolvers<Result>[]
  readonly #workers: Worker[]
  #next = 0

  constructor(script: URL, jobs: readonly Job[], workers = availableParallelism()) {
    this.#script = script
    this.#jobs = jobs
    this.#results = jobs.map(() => Promise.withResolvers())
    // Whoever asks for a result is told; who does not, does not mind.
    for (const { promise } of this.#results) promise.catch(() => undefined)
    this.#workers = Array.from({ length: Math.min(workers, jobs.length) }, () => this.#startWorker())
  }

  /** Resolves when the job at that place is done. Rejects when a worker broke off: its jobs are run by nobody any more. */
  async result(place: number): Promise<Result> {
    const awaited = this.#results[place]
    if (!awaited) throw new RangeError(`There is no job ${place}.`)
    return awaited.promise
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.terminate()))
  }

  #startWorker(): Worker {
    const worker = new Worker(this.#script)
    let place = this.#give(worker)
    worker.on('message', (result: Result) => {
      this.#results[place]?.resolve(result)
      place = this.#give(worker)
    })
    worker.on('error', error => {
      for (const { reject } of this.#results) reject(error)
    })
    return worker
  }

  #give(worker: Worker): number {
    const place = this.#next++
    if (place < this.#jobs.length) worker.postMessage(this.#jobs[place])
    return place
  }
}
