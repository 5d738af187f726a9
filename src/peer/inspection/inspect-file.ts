import { Worker } from 'node:worker_threads'
import { factsOf } from '../content/media-facts.ts'
import type { Logger } from '../log.ts'
import type { Inspection } from './inspect-media.ts'

/** Milliseconds that reading the headers may take, from when the thread begins with it. */
const DEADLINE = 8_000
/** Milliseconds for the thread to begin: the machine may be busy. */
const START_DEADLINE = 30_000
/** Heap of the thread that parses, in MiB. */
const MAX_HEAP = 256

export interface InspectFileOptions {
  log: Logger
  signal: AbortSignal
  /** Milliseconds; default 8 s. */
  deadline?: number
}

/**
 * What the headers of a file tell: read in a thread of its own, of bounded time and memory, which is ended when it takes too long. Never
 * rejects: what cannot be found out is left out, and the log says so.
 */
export async function inspectFile(
  path: string,
  mimeType: string,
  { log, signal, deadline = DEADLINE }: InspectFileOptions
): Promise<Inspection> {
  const found: Inspection = { facts: {} }
  if (!/^(?:video|audio|image)\//.test(mimeType) || signal.aborted) return found
  const worker = new Worker(workerUrl(), {
    workerData: { path, mimeType },
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP }
  })
  worker.on('message', ({ facts, ...cover }: Partial<Inspection>) =>
    Object.assign(found, cover, { facts: { ...found.facts, ...(facts && factsOf(facts)) } })
  )
  try {
    await ended(worker, signal, deadline)
  } catch (error) {
    if (!signal.aborted) log.warn('the headers of a file could not all be read', error)
  } finally {
    await worker.terminate()
  }
  return found
}

function ended(worker: Worker, signal: AbortSignal, deadline: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error('it took too long'))
    let timer = setTimeout(late, START_DEADLINE)
    worker.once('message', () => {
      clearTimeout(timer)
      timer = setTimeout(late, deadline)
    })
    worker.once('error', reject)
    worker.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** Beside this file as it is in the sources; one folder up from where the bundler puts it. */
function workerUrl(): URL {
  const isSource = import.meta.url.endsWith('.ts')
  return new URL(isSource ? './inspection-worker.ts' : '../inspection-worker.js', import.meta.url)
}
