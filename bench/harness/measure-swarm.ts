import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { ProcessMeter, type Usage } from './process-meter.ts'
import type { SampleFile, Scratch } from './scratch.ts'
import type { Fetched, Fetcher, Seeder, TransferSystem } from './transfer-system.ts'

export interface SwarmPlan {
  file: SampleFile
  fetchers: number
  /** Bytes per second. */
  uploadLimit?: number
  /** Milliseconds. */
  deadline: number
}

/** What came of one seeder and its fetchers. */
export interface SwarmMeasured {
  /** From the first fetcher's beginning to the end of the last, `fsync` included, in seconds. */
  seconds: number
  /** Each fetcher's own, from its own beginning, in seconds. */
  each: number[]
  seeder: Usage
  fetchers: Usage[]
  /** Bytes of the file that the seeder sent. */
  sentBytes: number
  /** Bytes of the file that all fetchers received. */
  receivedBytes: number
  /** 99th percentile of the fetchers' event loops' delay, of the worst, in milliseconds. */
  eventLoop: number
}

interface Finished extends Fetched {
  usage: Usage
}

/** Hands a file from one seeder to some fetchers at once, and checks what arrived. Everything that it starts has ended then. */
export async function measureSwarm(
  system: TransferSystem,
  scratch: Scratch,
  plan: SwarmPlan
): Promise<SwarmMeasured> {
  const folders: string[] = []
  const newFolder = async (): Promise<string> => {
    const folder = await scratch.newFolder()
    folders.push(folder)
    return folder
  }
  const running: { stop(): Promise<void> }[] = []
  try {
    const { file, uploadLimit } = plan
    const seeder = await system.seed(file, {
      folder: await newFolder(),
      ...(uploadLimit ? { uploadLimit } : {})
    })
    running.push(seeder)
    const fetchers: Fetcher[] = []
    for (let index = 0; index < plan.fetchers; index++) {
      const fetcher = await seeder.fetcher(await newFolder())
      fetchers.push(fetcher)
      running.push(fetcher)
    }
    // What earlier runs wrote must not reach the disk while the clock runs.
    await promisify(execFile)('sync').catch(() => undefined)
    return await race(seeder, fetchers, plan)
  } finally {
    await Promise.all(running.map(process => process.stop()))
    await Promise.all(folders.map(folder => scratch.remove(folder)))
  }
}

async function race(seeder: Seeder, fetchers: Fetcher[], plan: SwarmPlan): Promise<SwarmMeasured> {
  let seederMeter: ProcessMeter | undefined
  const onBegin = (): void => {
    seederMeter ??= new ProcessMeter(seeder.pid)
  }
  const finished = await Promise.all(
    fetchers.map(fetcher => fetchOne(fetcher, fetchers, plan, onBegin))
  ).catch(async error => {
    await seederMeter?.end()
    throw error
  })
  const usage = await (seederMeter ?? new ProcessMeter(seeder.pid)).end()
  for (const { path } of finished) await requireSame(path, plan.file)
  const received = await Promise.all(finished.map(({ receivedBytes }) => receivedBytes()))
  const sentBytes = await seeder.sentBytes()
  const delays = await Promise.all(finished.map(async ({ eventLoop }) => (await eventLoop?.()) ?? Number.NaN))
  const began = Math.min(...finished.map(({ beganAt }) => beganAt))
  return {
    seconds: (Math.max(...finished.map(({ endedAt }) => endedAt)) - began) / 1000,
    each: finished.map(({ beganAt, endedAt }) => (endedAt - beganAt) / 1000),
    seeder: usage,
    fetchers: finished.map(({ usage }) => usage),
    sentBytes,
    receivedBytes: received.reduce((sum, bytes) => sum + bytes, 0),
    eventLoop: Math.max(...delays)
  }
}

async function fetchOne(
  fetcher: Fetcher,
  all: readonly Fetcher[],
  { deadline }: SwarmPlan,
  onBegin: () => void
): Promise<Finished> {
  let meter: ProcessMeter | undefined
  const begin = (pid: number): void => {
    meter = new ProcessMeter(pid)
    onBegin()
  }
  const others = all.flatMap(other => (other === fetcher || !other.address ? [] : [other.address]))
  try {
    const fetched = await fetcher.fetch({ others, onBegin: begin, deadline })
    if (!fetched.synced) fetched.endedAt += await syncFile(fetched.path)
    if (!meter) throw new Error('The fetcher never began.')
    return { ...fetched, usage: await meter.end() }
  } catch (error) {
    await meter?.end()
    throw error
  }
}

/** Puts a file safely on disk; returns the milliseconds that it took. */
async function syncFile(path: string): Promise<number> {
  const since = performance.now()
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  return performance.now() - since
}

async function requireSame(path: string, { sha256, name }: SampleFile): Promise<void> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  if (hash.digest('hex') !== sha256) throw new Error(`${name} arrived damaged.`)
}
