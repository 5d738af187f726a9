import { join } from 'node:path'
import { LineProcess, type ProcessEvent } from '../harness/line-process.ts'
import type { SampleFile } from '../harness/scratch.ts'
import { PLAY_DEADLINE, type Player, type StreamSystem } from '../harness/stream-system.ts'
import type {
  Fetched,
  Fetcher,
  FetchOptions,
  Seeder,
  SeedOptions,
  TransferSystem
} from '../harness/transfer-system.ts'

/** How a rival's two processes are started. */
export interface RoleSystem {
  name: string
  missing?(): Promise<string | undefined>
  /** The program and its arguments before the task, which comes as JSON. */
  command(): Promise<string[]>
  /** What the seeder's process is to do, besides `role: 'seed'`. */
  seedTask(file: SampleFile, options: SeedOptions): Promise<object>
  /** What the fetcher's process is to do, besides `role: 'fetch'` and `folder`. */
  fetchTask(file: SampleFile, seeder: ProcessEvent): Promise<object>
}

/**
 * A rival whose processes speak lines. Both say `ready` with a `port` (and a `pid` where the measured process is another). A
 * fetcher told `{ command: 'go', ports }` says `done`, perhaps with the `received` bytes; a seeder told `{ command: 'sent' }`
 * says `sent` with the `bytes`.
 */
export function roleSystem(system: RoleSystem): TransferSystem {
  return {
    name: system.name,
    missing: async () => await system.missing?.(),
    seed: async (file, options) => {
      const task = { role: 'seed', ...(await system.seedTask(file, options)) }
      return new RoleSeeder(system, file, ...(await startRole(system, task)))
    }
  }
}

/**
 * A rival that plays while it fetches: its process says `ready`, hears `{ command: 'go', ports }`, and then says `arrived`, with
 * the `progress` of the whole, after each `{ command: 'play', place, bytes }`.
 */
export function roleStreamSystem(system: RoleSystem): StreamSystem {
  return {
    name: system.name,
    missing: async () => await system.missing?.(),
    open: async (file, { seederFolder, folder, uploadLimit }) => {
      const seeding = {
        role: 'seed',
        ...(await system.seedTask(file, { folder: seederFolder, uploadLimit }))
      }
      const [seeder, ready] = await startRole(system, seeding)
      try {
        const task = { role: 'stream', folder, ...(await system.fetchTask(file, ready)) }
        const [player] = await startRole(system, task)
        return new RolePlayer(seeder, player, Number(ready.port))
      } catch (error) {
        await seeder.stop()
        throw error
      }
    }
  }
}

class RolePlayer implements Player {
  readonly #seeder: LineProcess
  readonly #player: LineProcess
  readonly #port: number
  progress = 0

  constructor(seeder: LineProcess, player: LineProcess, port: number) {
    this.#seeder = seeder
    this.#player = player
    this.#port = port
  }

  async begin(): Promise<number> {
    this.#player.tell({ command: 'go', ports: [this.#port] })
    return performance.now()
  }

  async play(place: number, bytes: number): Promise<number> {
    const since = performance.now()
    this.#player.tell({ command: 'play', place, bytes })
    const { at, progress } = await this.#player.take('arrived', PLAY_DEADLINE)
    this.progress = Number(progress)
    return (at - since) / 1000
  }

  async stop(): Promise<void> {
    await Promise.all([this.#player.stop(), this.#seeder.stop()])
  }
}

async function startRole(system: RoleSystem, task: object): Promise<[LineProcess, ProcessEvent]> {
  const [program = '', ...args] = await system.command()
  const process = new LineProcess(system.name, program, [...args, JSON.stringify(task)])
  try {
    return [process, await process.event('ready')]
  } catch (error) {
    await process.stop()
    throw error
  }
}

class RoleSeeder implements Seeder {
  readonly #system: RoleSystem
  readonly #file: SampleFile
  readonly #process: LineProcess
  readonly #ready: ProcessEvent

  constructor(system: RoleSystem, file: SampleFile, process: LineProcess, ready: ProcessEvent) {
    this.#system = system
    this.#file = file
    this.#process = process
    this.#ready = ready
  }

  get pid(): number {
    return Number(this.#ready.pid ?? this.#process.pid)
  }

  get address(): string {
    return String(this.#ready.port)
  }

  async fetcher(folder: string): Promise<Fetcher> {
    const task = { role: 'fetch', folder, ...(await this.#system.fetchTask(this.#file, this.#ready)) }
    const path = join(folder, this.#file.name)
    return new RoleFetcher(this.address, path, ...(await startRole(this.#system, task)))
  }

  async sentBytes(): Promise<number> {
    this.#process.tell({ command: 'sent' })
    return Number((await this.#process.event('sent')).bytes ?? Number.NaN)
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }
}

class RoleFetcher implements Fetcher {
  readonly #seeder: string
  readonly #path: string
  readonly #process: LineProcess
  readonly #ready: ProcessEvent

  constructor(seeder: string, path: string, process: LineProcess, ready: ProcessEvent) {
    this.#seeder = seeder
    this.#path = path
    this.#process = process
    this.#ready = ready
  }

  get address(): string {
    return String(this.#ready.port)
  }

  async fetch({ others, onBegin, deadline }: FetchOptions): Promise<Fetched> {
    onBegin(Number(this.#ready.pid ?? this.#process.pid))
    const beganAt = performance.now()
    this.#process.tell({ command: 'go', ports: [this.#seeder, ...others].map(Number) })
    const { at, received } = await this.#process.event('done', deadline)
    return {
      path: this.#path,
      beganAt,
      endedAt: at,
      synced: false,
      receivedBytes: async () => Number(received ?? Number.NaN)
    }
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }
}
