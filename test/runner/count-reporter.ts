import { writeFileSync } from 'node:fs'
import Mocha from 'mocha'

/** What a layer of tests reports to the runner, as JSON in the file that `CHORDCAST_TEST_COUNTS` names. */
export interface TestCounts {
  passed: number
  failed: number
}

const { EVENT_RUN_END, EVENT_TEST_FAIL, EVENT_TEST_PASS } = Mocha.Runner.constants

/** Mocha's `spec` reporter that also writes `TestCounts`. A failing hook counts as a failed test. */
export class CountReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    const counts: TestCounts = { passed: 0, failed: 0 }
    runner.on(EVENT_TEST_PASS, () => counts.passed++)
    runner.on(EVENT_TEST_FAIL, () => counts.failed++)
    runner.once(EVENT_RUN_END, () => {
      const path = process.env.CHORDCAST_TEST_COUNTS
      if (path) writeFileSync(path, JSON.stringify(counts))
    })
  }
}

// Mocha loads a reporter by `require`, which returns an ES module's export of this name.
export { CountReporter as 'module.exports' }
