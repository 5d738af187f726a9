import { cpus, release, totalmem, type } from 'node:os'

/** What was measured on: without names of hosts or users. */
export interface Machine {
  cores: number
  processor: string
  memoryGigabytes: number
  system: string
  node: string
}

export function machine(): Machine {
  const cores = cpus()
  return {
    cores: cores.length,
    processor: cores[0]?.model.trim() ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 1e9),
    // The rest of a kernel's release may name who built it.
    system: `${type()} ${release().split('.', 2).join('.')}`,
    node: process.version
  }
}
