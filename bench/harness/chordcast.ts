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

export interface ChordcastOptions {
  name?: string
  /** Options for all processes. */
  extra?: readonly string[]
  /** Whether fetchers watch their event loops, which costs a wake-up each millisecond. */
  eventLoop?: boolean
}

/** The command line of this project, as built into `dist`. */
export function chordcastWith(options: ChordcastOptions): TransferSystem {
  return {
    name: options.name ?? 'chordcast',
    missing: async () => undefined,
    seed: (file, seeding) => ChordcastSeeder.start(file, seeding, options)
  }
}

export const chordcast = chordcastWith({})

/** Starts one `chordcast … --json` on loopback. With `probe` the delay of its event loop is written to that file at the end. */
export function startChordcast(data: string, args: readonly string[], probe?: string): LineProcess {
  const common = ['--json', '--host', '127.0.0.1', '--no-mdns', '--data', data]
  const loaded = probe ? ['--import', PROBE] : []
  return new LineProcess('chordcast', process.execPath, [...loaded, CLI, ...args, ...common], {
    env: probe ? { CHORDCAST_BENCH_EVENT_LOOP: probe } : {}
  })
}

export class ChordcastSeeder implements Seeder {
  readonly #process: LineProcess
  readonly #data: string
  readonly #options: ChordcastOptions
  /** The link of what it shares. */
  readonly address: string

  private constructor(process: LineProcess, data: string, link: string, options: ChordcastOptions) {
    this.#process = process
    this.#data = data
    this.#options = options
    this.address = link
  }

  static async start(
    file: Pick<SampleFile, 'path'>,
    { folder, uploadLimit }: SeedOptions,
    options: ChordcastOptions = {}
  ): Promise<ChordcastSeeder> {
    const data = join(folder, 'data')
    const limit = uploadLimit ? ['--upload-limit', String(Math.round(uploadLimit / 1024))] : []
    const process = startChordcast(data, ['share', file.path, ...limit, ...(options.extra ?? [])])
    try {
      const { link } = await process.event('shared', SHARE_DEADLINE)
      return new ChordcastSeeder(process, data, String(link), options)
    } catch (error) {
      await process.stop()
      throw error
    }
  }

  get pid(): number {
    return this.#process.pid
  }

  async fetcher(folder: string): Promise<Fetcher> {
    return new ChordcastFetcher(folder, this.address, this.#options)
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
  readonly #options: ChordcastOptions
  #process: LineProcess | undefined

  constructor(folder: string, link: string, options: ChordcastOptions) {
    this.#folder = folder
    this.#link = link
    this.#options = options
  }

  async fetch({ onBegin, deadline }: FetchOptions): Promise<Fetched> {
    const data = join(this.#folder, 'data')
    const { extra = [], eventLoop } = this.#options
    const fetching = ['fetch', this.#link, '--out', `${this.#folder}/out/`, '--seed', ...extra]
    const probe = eventLoop ? join(this.#folder, 'event-loop') : undefined
    const process = startChordcast(data, fetching, probe)
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
      ...(probe ? { eventLoop: () => eventLoopDelay(process, probe) } : {})
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
async function eventLoopDelay(process: LineProcess, probe: string): Promise<number> {
  await process.stop()
  const text = await readFile(probe, 'utf8').catch(() => 'NaN')
  return Number(text)
}
