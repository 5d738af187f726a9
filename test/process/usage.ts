import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'

/** What a process takes of the machine. */
export interface Usage {
  /** Resident memory in MiB. */
  memory: number
  /** Open file descriptors. */
  descriptors: number
}

/** What a running process takes. Reads `/proc`, so on Linux only. */
export async function usageOf(pid: number): Promise<Usage> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  assert(resident, `process ${pid} runs no more`)
  return { memory: Number(resident) / 1024, descriptors: (await readdir(`/proc/${pid}/fd`)).length }
}

/** The middle one of some numbers, of which there is at least one. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
  assert(middle !== undefined, 'a median of nothing')
  return middle
}
