import { Command } from 'commander'
import { Churn, type ChurnResult } from './chord/churn.ts'
import { type MassFailureResult, runMassFailure } from './chord/mass-failure.ts'
import { SeedPool } from './chord/seed-pool.ts'
import { runSeed, type SeedResult } from './chord/seed-worker.ts'
import { numberIn, print, runCommand, tellProgress, wholeNumber } from './options.ts'
import { writePlots } from './plots/write-plots.ts'

interface Options {
  nodes: number
  successors?: number
  fail: number
  lookups: number
  churn?: number
  minutes: number
  invariants?: boolean
  seed: number
  seeds?: number
  plots?: boolean
  json?: boolean
}

const MAX_NODES = 100_000
const DAY_MINUTES = 24 * 60

const program = new Command('sim')
  .description(
    'Runs rings of real Chord nodes in virtual time. One seed gives one run.\n\n' +
      'Without --churn, --invariants or --plots: nodes join, settle, a share of them dies at once, nothing is repaired, and random ' +
      'keys are looked up from random survivors, each of whom knows what it knew when the others died. A look-up has failed ' +
      'when its answer is not exactly the living owner. meanHops and p99Hops do not count the final hop, to the owner.'
  )
  .option('--nodes <n>', 'members of the ring', wholeNumber(1, MAX_NODES), 1000)
  .option(
    '--successors <r>',
    'length of the successor lists (default: as the product chooses, 8 or 16)',
    wholeNumber(1, 256)
  )
  .option('--fail <p>', 'share of the members that dies at once', numberIn(0, 0.99), 0)
  .option('--lookups <n>', 'look-ups after that', wholeNumber(1, 10_000_000), 10_000)
  .option(
    '--churn <minutes>',
    'members come and die instead, silently; this is how long they live on average',
    numberIn(0.1, DAY_MINUTES)
  )
  .option('--minutes <n>', 'simulated minutes of --churn', wholeNumber(1, 366 * DAY_MINUTES), 25)
  .option(
    '--invariants',
    'check I1 to I10 after every step of a ring of 64 with faults of every kind, for --seed or for --seeds'
  )
  .option('--seeds <n>', 'with --invariants: seeds 1 to n, on all cores', wholeNumber(1, 1_000_000))
  .option('--seed <n>', 'what the run follows from', wholeNumber(0, 2 ** 32 - 1), 1)
  .option('--plots', 'measure the figures of docs/chord.md, and write them and their pictures')
  .option('--json', 'print one JSON object on one line, and nothing else')
  .exitOverride()

async function massFailure(options: Options): Promise<MassFailureResult> {
  const { nodes, successors, fail, lookups, seed } = options
  const chosen = successors === undefined ? {} : { successors }
  return runMassFailure({ nodes, fail, lookups, seed, ...chosen, onProgress: tellProgress(options.json) })
}

async function churn(options: Options, session: number): Promise<ChurnResult> {
  const { nodes, successors, minutes, seed } = options
  const chosen = successors === undefined ? {} : { successors }
  return new Churn({ nodes, session, minutes, seed, ...chosen, onProgress: tellProgress(options.json) }).run()
}

async function invariants({ seed, seeds, json }: Options): Promise<boolean> {
  if (seeds === undefined) return reportSeed(await runSeed(seed), json)
  const started = performance.now()
  const jobs = Array.from({ length: seeds }, (_, index) => index + 1)
  const pool = new SeedPool<number, SeedResult>(new URL('chord/seed-worker.ts', import.meta.url), jobs)
  let failed = 0
  try {
    for (const place of jobs.keys()) if (!reportSeed(await pool.result(place), json)) failed++
  } finally {
    await pool.close()
  }
  if (!json)
    console.log(
      `${seeds - failed} held, ${failed} failed, ${((performance.now() - started) / 1000).toFixed(1)} s`
    )
  return failed === 0
}

function reportSeed({ seed, seconds, report, failure }: SeedResult, asJson: boolean | undefined): boolean {
  if (asJson) console.log(JSON.stringify({ seed, seconds, ...report, failure }))
  else if (failure)
    console.log(`seed ${seed} FAILED: npm run -s sim -- --invariants --seed ${seed}\n${failure}`)
  else
    console.log(
      `seed ${seed} held, ${seconds.toFixed(1)} s: ${report?.mix}; ${report?.steps} steps, ${report?.hops} hops`
    )
  return failure === undefined
}

async function main(options: Options): Promise<boolean> {
  if (options.invariants) return invariants(options)
  if (options.plots) await writePlots(tellProgress(options.json))
  else if (options.churn !== undefined) print(await churn(options, options.churn), options.json)
  else print(await massFailure(options), options.json)
  return true
}

function readOptions(): Options {
  const options = program.parse().opts<Options>()
  if (program.args.length > 0) program.error(`error: '${program.args[0]}' is no option of sim. See --help.`)
  const modes = [options.invariants, options.plots, options.churn !== undefined].filter(Boolean).length
  if (modes > 1) program.error('error: --churn, --invariants and --plots are runs of their own. Choose one.')
  if (options.seeds !== undefined && !options.invariants)
    program.error('error: --seeds goes with --invariants.')
  return options
}

await runCommand(() => main(readOptions()))
