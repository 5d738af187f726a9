import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LineProcess } from './line-process.ts'
import type { SampleFile } from './scratch.ts'
import type {
  Fetched,
  Fetcher,
  FetchOptions,
  Seeder,
  SeedOptions,
  TransferSystem
} from './transfer-system.ts'

const CLI = join(import.meta.dirname, '../../dist/cli.js')
const PROBE = join(import.meta.dirname, 'event-loop-probe.ts')
/** Milliseconds to hash and announce the largest file. */
const SHARE_DEADLINE = 240_000
const STATUS_DEADLINE = 20_000

/** The command line of this project, as built into `dist`. */
export const chordcast: TransferSystem = {
  name: 'chordcast',
  missing: async () => undefined,
  seed: async (file, options) => await ChordcastSeeder.start(file, options)
}

/** Starts one `chordcast … --json` on loopback. */
export function startChordcast(data: string, args: readonly string[]): LineProcess {
  const common = ['--json', '--host', '127.0.0.1', '--no-mdns', '--data', data]
  return new LineProcess('chordcast', process.execPath, ['--import', PROBE, CLI, ...args, ...common], {
    env: { CHORDCAST_BENCH_EVENT_LOOP: join(data, '..', 'event-loop') }
  })
}

export class ChordcastSeeder implements Seeder {
  readonly #process: LineProcess
  readonly #data: string
  /** The link of what it shares. */
  readonly address: string

  private constructor(process: LineProcess, data: string, link: string) {
    this.#process = process
    this.#data = data
    this.address = link
  }

  static async start(file: SampleFile, { folder, uploadLimit }: SeedOptions): Promise<ChordcastSeeder> {
    const data = join(folder, 'data')
    const limit = uploadLimit ? ['--upload-limit', String(Math.round(uploadLimit / 1024))] : []
    const process = startChordcast(data, ['share', file.path, ...limit])
    try {
      const { link } = await process.event('shared', SHARE_DEADLINE)
      return new ChordcastSeeder(process, data, String(link))
    } catch (error) {
      await process.stop()
      throw error
    }
  }

  get pid(): number {
    return this.#process.pid
  }

  async fetcher(folder: string): Promise<Fetcher> {
    return new ChordcastFetcher(folder, this.address)
  }

  async sentBytes(): Promise<number> {
    return await statusFigure(this.#data, 'sentBytes')
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }
}

/** Starts with the fetch: the clock starts at `listening`. */
class ChordcastFetcher implements Fetcher {
  readonly #folder: string
  readonly #link: string
  #process: LineProcess | undefined

  constructor(folder: string, link: string) {
    this.#folder = folder
    this.#link = link
  }

  async fetch({ onBegin, deadline }: FetchOptions): Promise<Fetched> {
    const data = join(this.#folder, 'data')
    const process = startChordcast(data, ['fetch', this.#link, '--out', `${this.#folder}/out/`, '--seed'])
    this.#process = process
    const { at: beganAt } = await process.event('listening')
    onBegin(process.pid)
    const { seconds, path } = await process.event('complete', deadline)
    return {
      path: String(path),
      beganAt,
      endedAt: beganAt + Number(seconds) * 1000,
      synced: true,
      receivedBytes: () => statusFigure(data, 'receivedBytes'),
      eventLoop: () => eventLoopDelay(process, this.#folder)
    }
  }

  async stop(): Promise<void> {
    await this.#process?.stop()
  }
}

/** A figure of the running peer's status. */
async function statusFigure(data: string, figure: string): Promise<number> {
  const process = new LineProcess('chordcast status', globalThis.process.execPath, [
    CLI,
    'status',
    '--json',
    '--data',
    data
  ])
  try {
    return Number((await process.event('status', STATUS_DEADLINE))[figure] ?? Number.NaN)
  } finally {
    await process.stop()
  }
}

/** The probe writes its file when the process ends. */
async function eventLoopDelay(process: LineProcess, folder: string): Promise<number> {
  await process.stop()
  const text = await readFile(join(folder, 'event-loop'), 'utf8').catch(() => 'NaN')
  return Number(text)
}
