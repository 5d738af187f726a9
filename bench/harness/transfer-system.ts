import type { SampleFile } from './scratch.ts'

/** A program that hands files from one process to others. */
export interface TransferSystem {
  name: string
  /** Why it cannot take part on this machine and what would help; `undefined` when it can. */
  missing(): Promise<string | undefined>
  /** A process that is ready to hand out `file`; its own files go to `folder`. */
  seed(file: SampleFile, options: SeedOptions): Promise<Seeder>
}

export interface SeedOptions {
  folder: string
  /** Bytes per second. */
  uploadLimit?: number
}

export interface Seeder {
  readonly pid: number
  /** Where others reach it, in the system's own words. */
  readonly address: string
  /** A process that is ready to fetch the file into `folder`, an empty one. */
  fetcher(folder: string): Promise<Fetcher>
  /** Bytes of the file that it has sent, what was sent twice included. NaN when it cannot tell. */
  sentBytes(): Promise<number>
  stop(): Promise<void>
}

export interface Fetcher {
  /** Where other fetchers reach it, if it has to be told to them. */
  readonly address?: string
  /** Fetches the file, from the seeder and from the other fetchers at these addresses. */
  fetch(options: FetchOptions): Promise<Fetched>
  /** Goes on serving others until then. */
  stop(): Promise<void>
}

export interface FetchOptions {
  others: readonly string[]
  /** Told when the clock starts, and of which process. */
  onBegin(pid: number): void
  /** Milliseconds. */
  deadline: number
}

export interface Fetched {
  path: string
  /** Monotonic milliseconds. */
  beganAt: number
  endedAt: number
  /** Whether the file was safely on disk by then (`fsync`). */
  synced: boolean
  /** 99th percentile of the delay of its event loop in milliseconds, where that is known. */
  eventLoop?: () => Promise<number>
  /** Bytes of the file that came, what came twice included; NaN when it cannot tell. */
  receivedBytes(): Promise<number>
}
