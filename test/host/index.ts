import Mocha from 'mocha'
import { CountReporter } from '../runner/count-reporter.ts'
import { report } from './report.ts'

/** VS Code calls this in the extension host. Resolves when every test passed. */
export async function run(): Promise<void> {
  Mocha.reporters.Base.consoleLog = report
  // In a desktop editor `process.execPath` is Electron: this makes it run the peers that tests start as Node does.
  process.env.ELECTRON_RUN_AS_NODE = '1'
  const mocha = new Mocha({ ui: 'bdd', timeout: 30_000, forbidOnly: true, forbidPending: true, color: true })
  mocha.reporter(CountReporter)
  mocha.suite.emit('pre-require', globalThis as unknown as Mocha.MochaGlobals, '', mocha)
  // First: it measures an extension that nothing has woken yet.
  await import('./activation.test.ts')
  await import('./network.test.ts')
  const failures = await new Promise<number>(resolve => mocha.run(resolve))
  if (failures > 0) throw new Error(`${failures} tests failed.`)
}
