import type { Scratch } from './scratch.ts'
import type { Spread } from './statistics.ts'

/** What one run of one contender came to, by the name of the figure. */
export type Figures = Record<string, number>

/** One of those that are measured side by side. */
export interface Contender {
  name: string
  /** Measures once; the first run is 0. */
  measure(run: number): Promise<Figures>
}

/** What all runs of a contender came to. */
export interface Result {
  name: string
  /** By run; `undefined` where it failed. */
  runs: (Figures | undefined)[]
  failures: string[]
}

/** A column of the table. `digits` behind the point. */
export interface Column {
  figure: string
  title: string
  digits: number
}

/** What is to be reached: a figure, or its ratio to another contender's in the same run. */
export interface Bar {
  claim: string
  contender: string
  figure: string
  against?: string
  least?: number
  most?: number
}

/** A bar and what was measured for it. */
export interface Verdict {
  claim: string
  measured: Spread
  holds: boolean
}

/** One line of a chart. */
export interface ChartLine {
  name: string
  points: { x: number; y: number }[]
}

/** A picture for docs/performance.md. */
export interface Chart {
  /** File name without its end. */
  name: string
  /** What it shows, for those who cannot see it. */
  text: string
  xTitle: string
  yTitle: string
  xScale: 'linear' | 'log'
  lines: ChartLine[]
}

/** A table of results, with what belongs to it. */
export interface Section {
  title: string
  /** What the first column holds. */
  subject: string
  columns: readonly Column[]
  results: Result[]
  /** What stands in parentheses: the least and the most, or (`interval`) bounds for the median with 95 % confidence. */
  spread?: 'range' | 'interval'
}

/** Everything that a benchmark has found out. */
export interface Outcome {
  sections: Section[]
  verdicts: Verdict[]
  /** Sentences about how it was measured, and who could not take part. */
  notes: string[]
  charts?: Chart[]
}

export interface BenchContext {
  /** Runs of each contender. */
  runs: number
  /** Size of the file in MiB, where somebody wants another than the benchmark's own. */
  mebibytes?: number
  scratch: Scratch
  /** Tells people what is being done now. */
  progress(text: string): void
}

export interface Benchmark {
  name: string
  /** One line for `--help`. */
  summary: string
  /** Runs of each contender where nobody asks for another number. */
  runs: number
  /** Runs in a report, whose time is bounded; as many as otherwise if it does not say. */
  runsInReport?: number
  /** Minutes after which a report gives it up. */
  minutes: number
  run(context: BenchContext): Promise<Outcome>
}
