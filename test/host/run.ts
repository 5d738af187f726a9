import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { launchBrowser } from '../harness/browser.ts'
import { exitOnSignals } from '../harness/process-group.ts'
import { removeFolder, temporaryFolder } from '../harness/temporary-folder.ts'
import { VsCodeServer } from '../harness/vscode-server.ts'
import { reportMark } from './report.ts'
import { bundleHostTests, hostEnvironment, hostSettings, projectFolder, sampleWorkspace } from './setting.ts'

const deadlineMilliseconds = 300_000

// VS Code's own complaints (native modules that this build lacks, services that are offline) go here.
const hostLog = join(projectFolder, 'test-results/host/console.log')

/** Prints what the tests print, and resolves to their exit code: 0 when all passed. */
async function listen(page: Page): Promise<{ exitCode: Promise<number> }> {
  const exit = Promise.withResolvers<number>()
  await page.exposeFunction('codeAutomationLog', async (type: string, args: unknown[]) => {
    const line = args.join(' ')
    if (line.startsWith(reportMark)) console.log(line.slice(reportMark.length))
    else await appendFile(hostLog, `${type} ${line}\n`)
  })
  await page.exposeFunction('codeAutomationExit', (code: number) => exit.resolve(code))
  page.once('crash', () => exit.reject(new Error('The browser page crashed.')))
  const timer = setTimeout(
    () => exit.reject(new Error('The tests did not end in time.')),
    deadlineMilliseconds
  )
  return { exitCode: exit.promise.finally(() => clearTimeout(timer)) }
}

/** Runs the host tests in VS Code's own extension host: the workbench in a browser passes them to it. */
async function runInServer(folder: string): Promise<number> {
  const testsPath = await bundleHostTests()
  const workspace = await sampleWorkspace(folder)
  const server = await VsCodeServer.start({
    folder: join(folder, 'vscode'),
    workspace,
    settings: hostSettings(folder),
    smokeTestDriver: true,
    env: hostEnvironment(join(folder, 'vscode/user-data'))
  })
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    const { exitCode } = await listen(page)
    const uri = (path: string) => `vscode-remote://${server.authority}${path}`
    await page.goto(
      server.urlWith([
        ['extensionDevelopmentPath', uri(projectFolder)],
        ['extensionTestsPath', uri(testsPath)],
        ['skipWelcome', 'true']
      ])
    )
    return await exitCode
  } finally {
    await browser.close()
    await server.stop()
  }
}

exitOnSignals()
const folder = await temporaryFolder()
try {
  process.exitCode = await runInServer(folder)
} finally {
  await removeFolder(folder)
}
