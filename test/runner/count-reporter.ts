import { writeFileSync } from 'node:fs'
import Mocha from 'mocha'

/** What a layer of tests reports to the runner, as JSON in the file that `CHORDCAST_TEST_COUNTS` names. */
export interface TestCounts {
  passed: number
  failed: number
  /** All tests had their turn. */
  finished?: boolean
}

const { EVENT_RUN_END, EVENT_TEST_FAIL, EVENT_TEST_PASS } = Mocha.Runner.constants

/**
 * Mocha's `spec` reporter that also writes `TestCounts`, and why a test failed as soon as it did: a layer that is cut at its deadline has
 * told both. A failing hook counts as a failed test.
 */
export class CountReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    const counts: TestCounts = { passed: 0, failed: 0 }
    const path = process.env.CHORDCAST_TEST_COUNTS
    const write = (): void => {
      if (path) writeFileSync(path, JSON.stringify(counts))
    }
    runner.on(EVENT_TEST_PASS, () => counts.passed++)
    runner.on(EVENT_TEST_FAIL, (_test, error: Error) => {
      counts.failed++
      Mocha.reporters.Base.consoleLog(indent(error.stack ?? String(error)))
    })
    for (const event of [EVENT_TEST_PASS, EVENT_TEST_FAIL]) runner.on(event, write)
    runner.once(EVENT_RUN_END, () => {
      counts.finished = true
      write()
    })
  }
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '        ')
}

// Mocha loads a reporter by `require`, which returns an ES module's export of this name.
export { CountReporter as 'module.exports' }
