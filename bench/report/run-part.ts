import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Benchmark, Outcome } from '../harness/benchmark.ts'

const PROGRAM = join(import.meta.dirname, '../run.ts')
/** Milliseconds to end what it has started and to clear away. */
const GRACE = 15_000

/** What became of one benchmark of a report. */
export interface Part {
  benchmark: Benchmark
  outcome?: Outcome
  /** Why there is no outcome. */
  failure?: string
  seconds: number
}

export interface PartOptions {
  runs?: number
  mebibytes?: number
  /** Milliseconds. */
  deadline: number
}

/** Runs one benchmark in a process of its own, so that whatever becomes of it the others still run. */
export async function runPart(benchmark: Benchmark, options: PartOptions): Promise<Part> {
  const since = performance.now()
  const found = await attempt(benchmark, options).catch((error: unknown) => ({ failure: String(error) }))
  return { benchmark, ...found, seconds: (performance.now() - since) / 1000 }
}

async function attempt(
  benchmark: Benchmark,
  { runs, mebibytes, deadline }: PartOptions
): Promise<Pick<Part, 'outcome' | 'failure'>> {
  const wanted = runs ?? benchmark.runsInReport ?? benchmark.runs
  const size = mebibytes === undefined ? [] : ['--mib', String(mebibytes)]
  const args = [PROGRAM, benchmark.name, '--json', '--runs', String(wanted), ...size]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors] = [collect(child.stdout), collect(child.stderr)]
  const late = await endedLate(child, deadline)
  if (late) return { failure: `It took longer than ${Math.round(deadline / 1000)} s and was ended.` }
  const json = output().trim().split('\n').at(-1) ?? ''
  if (json.startsWith('{')) return { outcome: JSON.parse(json) as Outcome }
  return { failure: errors().trim().split('\n').at(-1) || 'It ended without a result.' }
}

/** Waits for the end, which is forced after `deadline` milliseconds. Resolves with whether it had to be. */
async function endedLate(child: ChildProcess, deadline: number): Promise<boolean> {
  let late = false
  const timers = [
    setTimeout(() => {
      late = child.kill('SIGTERM')
    }, deadline),
    setTimeout(() => child.kill('SIGKILL'), deadline + GRACE)
  ]
  // Only by a signal that it can hear does it end what it has started itself.
  const onExit = (): void => void child.kill('SIGTERM')
  process.once('exit', onExit)
  try {
    await once(child, 'close')
    return late
  } finally {
    process.removeListener('exit', onExit)
    timers.forEach(clearTimeout)
  }
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const blocks: Buffer[] = []
  stream?.on('data', (block: Buffer) => blocks.push(block))
  return () => Buffer.concat(blocks).toString()
}
