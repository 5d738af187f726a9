import { Command, Option } from 'commander'
import { DEFAULT_STRATEGY, parseStrategy, type Strategy } from '../../../src/peer/strategy.ts'
import { numberIn, print, runCommand, tellProgress, wholeNumber } from '../options.ts'
import { ABLATION_NAMES, ABLATIONS, type AblationName, runAblation } from './ablation.ts'
import { formatAblation } from './ablation-table.ts'
import { runMany } from './run-many.ts'
import { SCENARIO_NAMES, SCENARIOS, type ScenarioName } from './scenarios.ts'
import { holds, summariseSeeds } from './seed-summary.ts'
import { SwarmRun } from './swarm-run.ts'
import { writePlots } from './write-plots.ts'

interface Options {
  peers: number
  seed: number
  seeds?: number
  scenario: ScenarioName | 'all'
  megabytes: number
  strategy: Strategy
  ablation?: AblationName
  plots?: boolean
  json?: boolean
}

/** Seeds of an ablation. */
const ABLATION_SEEDS = 20

const program = new Command('sim:swarm')
  .description(
    'Runs a swarm in virtual time: the real picker, scores, choice of holders, chunk sessions and chunk server, over simulated lines. ' +
      'One seed gives one run.\n\nScenarios:\n' +
      SCENARIO_NAMES.map(name => `  ${name}: ${SCENARIOS[name].about}`).join('\n') +
      '\n\nAblations, each with the same seeds for every variant, 20 unless --seeds says otherwise:\n' +
      ABLATION_NAMES.map(name => `  ${name}: ${ABLATIONS[name].about}`).join('\n')
  )
  .option('--peers <n>', 'peers that fetch', wholeNumber(1, 2000), 20)
  .addOption(
    new Option('--scenario <name>', 'what happens').choices([...SCENARIO_NAMES, 'all']).default('flash-crowd')
  )
  .option('--seed <n>', 'what the run follows from', wholeNumber(0, 2 ** 32 - 1), 1)
  .option('--seeds <n>', 'seeds 1 to n, on all cores', wholeNumber(1, 100_000))
  .option('--megabytes <n>', 'size of the video', numberIn(0.01, 4096), 16)
  .addOption(
    new Option('--ablation <name>', 'what a policy is worth, instead of one scenario').choices([
      ...ABLATION_NAMES
    ])
  )
  .option('--strategy <key=value,…>', 'policies instead of the default ones', parseStrategy, DEFAULT_STRATEGY)
  .option('--plots', 'measure what a crowd costs over its size, and write it into docs/swarm.md')
  .option('--json', 'print one JSON object for each run, and nothing else')
  .exitOverride()

async function one(options: Options, scenario: ScenarioName): Promise<boolean> {
  const result = await new SwarmRun({ ...options, scenario }).run()
  print(result, options.json)
  return holds(result)
}

async function many(options: Options, scenario: ScenarioName, seeds: number): Promise<boolean> {
  const runs = Array.from({ length: seeds }, (_, index) => ({ ...options, scenario, seed: index + 1 }))
  const progress = tellProgress(options.json)
  const results = await runMany(runs, (result, place) => {
    progress(`${scenario}: ${place + 1} of ${seeds}`)
    if (options.json) print(result, true)
    else if (!holds(result)) print({ 'did not hold': JSON.stringify(result) }, false)
  })
  print(summariseSeeds(results), options.json)
  return results.every(holds)
}

async function ablation(options: Options, name: AblationName): Promise<boolean> {
  const { peers, megabytes, seeds = ABLATION_SEEDS, json } = options
  const rows = await runAblation(name, { peers, megabytes, seeds, onProgress: tellProgress(json) })
  if (json) for (const row of rows) print(row, true)
  else console.log(formatAblation(rows))
  return true
}

async function plots({ json }: Options): Promise<boolean> {
  await writePlots(tellProgress(json))
  return true
}

async function main(): Promise<boolean> {
  const options = program.parse().opts<Options>()
  if (program.args.length > 0)
    program.error(`error: '${program.args[0]}' is no option of sim:swarm. See --help.`)
  if (options.plots) return plots(options)
  if (options.ablation) return ablation(options, options.ablation)
  const scenarios = options.scenario === 'all' ? SCENARIO_NAMES : [options.scenario]
  let held = true
  for (const scenario of scenarios) {
    const run = options.seeds === undefined ? one(options, scenario) : many(options, scenario, options.seeds)
    held = (await run) && held
  }
  return held
}

await runCommand(main)
