import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { exitOnSignals } from '../test/harness/process-group.ts'
import { benchmarks } from './benchmarks.ts'
import type { Benchmark, Outcome } from './harness/benchmark.ts'
import { machine } from './harness/machine.ts'
import { printOutcome } from './harness/print-outcome.ts'
import { Scratch } from './harness/scratch.ts'
import { REPORT_MINUTES, report } from './report/report.ts'

interface Options {
  json?: boolean
  runs?: number
  mib?: number
}

const EXIT_FAILED = 1
const EXIT_USAGE = 2
const REPORT = 'report'
const NAME_WIDTH = Math.max(...benchmarks.map(({ name }) => name.length)) + 2

function buildProgram(): Command {
  const list = benchmarks.map(({ name, summary }) => `  ${name.padEnd(NAME_WIDTH)}${summary}`).join('\n')
  return new Command('bench')
    .description(
      'Measures real processes on loopback, side by side with others in the same run, in turns.\n' +
        'Medians, and from the least to the most. Builds first; temporary files go at the end.'
    )
    .argument('<name>', 'a benchmark from the list below, or "report"', checkName)
    .option('--json', 'print one JSON object, and only that')
    .option('--runs <n>', 'runs of each contender', wholeNumber)
    .option('--mib <n>', 'size of the file in MiB, for a quick look', wholeNumber)
    .addHelpText(
      'after',
      `\nBenchmarks:\n${list}\n\n` +
        `  ${REPORT.padEnd(NAME_WIDTH)}all of these, with fewer runs of the long ones, and docs/performance.md written anew.\n` +
        `${' '.repeat(NAME_WIDTH + 2)}Ends after ${REPORT_MINUTES} minutes at most; what failed or found no time is told on the page.\n`
    )
    .exitOverride()
}

function checkName(name: string): string {
  const names = [...benchmarks.map(benchmark => benchmark.name), REPORT]
  if (names.includes(name)) return name
  throw new InvalidArgumentError(`It is one of: ${names.join(', ')}.`)
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 100_000) return value
  throw new InvalidArgumentError('It has to be a whole number from 1 on.')
}

function tellProgress(options: Options): (text: string) => void {
  if (options.json || !process.stderr.isTTY) return () => undefined
  return text => process.stderr.write(`\r\x1b[K${text}`)
}

/** Resolves with whether all went well: a bar that is not reached is a result, a contender that failed is a fault. */
async function runOne(benchmark: Benchmark, options: Options): Promise<boolean> {
  const outcome = await measure(benchmark, options)
  if (options.json) console.log(JSON.stringify({ bench: benchmark.name, machine: machine(), ...outcome }))
  else printOutcome(outcome)
  return !hasFailures(outcome)
}

async function measure(benchmark: Benchmark, options: Options): Promise<Outcome> {
  const scratch = await Scratch.create()
  const progress = tellProgress(options)
  try {
    const size = options.mib === undefined ? {} : { mebibytes: options.mib }
    return await benchmark.run({ runs: options.runs ?? benchmark.runs, ...size, scratch, progress })
  } finally {
    progress('')
    await scratch.close()
  }
}

function hasFailures({ sections }: Outcome): boolean {
  return sections.some(({ results }) => results.some(({ failures }) => failures.length > 0))
}

async function runReport(options: Options): Promise<boolean> {
  const progress = tellProgress(options)
  const { runs, mib } = options
  const parts = await report(benchmarks, {
    ...(runs === undefined ? {} : { runs }),
    ...(mib === undefined ? {} : { mebibytes: mib }),
    progress
  })
  progress('')
  if (options.json) console.log(JSON.stringify(parts))
  else
    for (const { benchmark, failure, seconds } of parts)
      console.log(`${benchmark.name.padEnd(NAME_WIDTH)}${failure ?? 'measured'} (${seconds.toFixed(0)} s)`)
  return parts.every(({ outcome }) => outcome && !hasFailures(outcome))
}

exitOnSignals()
try {
  const program = buildProgram().parse()
  const [name] = program.args
  const options = program.opts<Options>()
  const benchmark = benchmarks.find(benchmark => benchmark.name === name)
  const wentWell = benchmark ? await runOne(benchmark, options) : await runReport(options)
  process.exitCode = wentWell ? 0 : EXIT_FAILED
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE
  else {
    console.error(`bench: ${error instanceof Error ? error.message : error}`)
    process.exitCode = EXIT_FAILED
  }
}
