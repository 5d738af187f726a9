import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { exitOnSignals } from '../test/harness/process-group.ts'
import { benchmarks } from './benchmarks.ts'
import type { Benchmark, Outcome } from './harness/benchmark.ts'
import { machine } from './harness/machine.ts'
import { printOutcome } from './harness/print-outcome.ts'
import { Scratch } from './harness/scratch.ts'

interface Options {
  json?: boolean
  runs?: number
  mib?: number
}

const EXIT_FAILED = 1
const EXIT_USAGE = 2

function buildProgram(): Command {
  const list = benchmarks.map(({ name, summary }) => `  ${name.padEnd(11)}${summary}`).join('\n')
  return new Command('bench')
    .description(
      'Measures real processes on loopback, side by side with others in the same run, in turns.\n' +
        'Medians, and from the least to the most. Builds first; temporary files go at the end.'
    )
    .argument('<name>', 'a benchmark from the list below', findBenchmark)
    .option('--json', 'print one JSON object, and only that')
    .option('--runs <n>', 'runs of each contender', wholeNumber)
    .option('--mib <n>', 'size of the file in MiB, for a quick look', wholeNumber)
    .addHelpText('after', `\nBenchmarks:\n${list}\n`)
    .exitOverride()
}

function findBenchmark(name: string): Benchmark {
  const found = benchmarks.find(benchmark => benchmark.name === name)
  if (found) return found
  throw new InvalidArgumentError(`It is one of: ${benchmarks.map(({ name }) => name).join(', ')}.`)
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

function failed({ sections }: Outcome): boolean {
  return sections.some(({ results }) => results.some(({ failures }) => failures.length > 0))
}

exitOnSignals()
try {
  const program = buildProgram().parse()
  const [benchmark] = program.processedArgs as [Benchmark]
  const options = program.opts<Options>()
  const outcome = await measure(benchmark, options)
  if (options.json) console.log(JSON.stringify({ bench: benchmark.name, machine: machine(), ...outcome }))
  else printOutcome(outcome)
  // A bar that is not reached is a result; a contender that failed is a fault.
  process.exitCode = failed(outcome) ? EXIT_FAILED : 0
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE
}
