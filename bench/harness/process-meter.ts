import { readFile, writeFile } from 'node:fs/promises'

/** What a process took between two moments. Linux only: elsewhere everything is NaN. */
export interface Usage {
  /** User and system time of all its threads, in seconds. */
  cpuSeconds: number
  /** Highest resident set, in MB. Counts pages of files that it maps. */
  peakMegabytes: number
  /** Highest part of that which is its own (heap, stacks, buffers), in MB, looked at ten times a second. */
  ownMegabytes: number
}

const SAMPLE_MILLISECONDS = 100
/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
const KIB = 1024
/** The kernel's command that sets the highest resident set back to the present one (proc(5), clear_refs). */
const RESET_PEAK = '5'

/** Watches one process from now on. */
export class ProcessMeter {
  readonly #pid: number
  readonly #timer: NodeJS.Timeout
  readonly #before: Promise<number>
  #own = Number.NaN

  constructor(pid: number) {
    this.#pid = pid
    this.#before = this.#begin()
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_MILLISECONDS)
  }

  /** What it took since. The process must still be there. */
  async end(): Promise<Usage> {
    clearInterval(this.#timer)
    await this.#sample()
    const taken = (await cpuSeconds(this.#pid)) - (await this.#before)
    return { cpuSeconds: taken, peakMegabytes: await memory(this.#pid, 'VmHWM'), ownMegabytes: this.#own }
  }

  async #begin(): Promise<number> {
    const [seconds] = await Promise.all([
      cpuSeconds(this.#pid),
      // Where the kernel does not allow it, the peak counts from the process' start.
      writeFile(`/proc/${this.#pid}/clear_refs`, RESET_PEAK).catch(() => undefined)
    ])
    return seconds
  }

  async #sample(): Promise<void> {
    const now = await memory(this.#pid, 'RssAnon')
    this.#own = Math.max(Number.isNaN(this.#own) ? 0 : this.#own, now)
  }
}

async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  return parseCpuSeconds(text)
}

/** User and system seconds from the text of `/proc/<pid>/stat`; NaN when it does not tell. */
export function parseCpuSeconds(stat: string): number {
  // The name of the program comes second, in parentheses, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [fields[11], fields[12]].map(Number)
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) / TICKS_PER_SECOND
}

async function memory(pid: number, field: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '')
  return parseMegabytes(text, field)
}

/** A field of `/proc/<pid>/status` that is in kB, in MB (10^6 bytes); NaN when it is not there. */
export function parseMegabytes(status: string, field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  return kibibytes === undefined ? Number.NaN : (Number(kibibytes) * KIB) / 1e6
}
