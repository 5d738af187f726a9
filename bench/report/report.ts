import type { Benchmark } from '../harness/benchmark.ts'
import { type Part, runPart } from './run-part.ts'
import { writePage } from './write-page.ts'

/** Minutes for everything; a benchmark whose turn does not come is reported as not measured. */
export const REPORT_MINUTES = 28
const MINUTE = 60_000

export interface ReportOptions {
  runs?: number
  mebibytes?: number
  progress(text: string): void
}

/** Runs all benchmarks one after the other and writes docs/performance.md. */
export async function report(benchmarks: readonly Benchmark[], options: ReportOptions): Promise<Part[]> {
  const end = performance.now() + REPORT_MINUTES * MINUTE
  const parts: Part[] = []
  for (const benchmark of benchmarks) {
    options.progress(`${benchmark.name} (${parts.length + 1} of ${benchmarks.length})`)
    const left = end - performance.now()
    parts.push(
      left < MINUTE / 2
        ? { benchmark, failure: 'There was no time left.', seconds: 0 }
        : await runPart(benchmark, { ...options, deadline: Math.min(left, benchmark.minutes * MINUTE) })
    )
    // Whatever ends the report early leaves what was measured by then.
    await writePage(parts)
  }
  return parts
}
