/* `npm start`: a VS Code with the extension, on a sample workspace, beside a second peer that shares a video. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ProcessGroup } from '../test/harness/process-group.ts'
import { removeFolder, temporaryFolder } from '../test/harness/temporary-folder.ts'
import { CliPeer } from '../test/process/cli-peer.ts'
import { desktopCode, openDesktop } from './start/desktop.ts'
import { createPlayground, placeSample, projectFolder, sharedSample } from './start/playground.ts'
import { addressOf, openInBrowser, startServer } from './start/server.ts'

const usage = `npm start -- [options]
  --browser   VS Code in the browser, even where desktop VS Code is installed
  --no-open   print the address, open no browser
  --check     end with exit code 0 as soon as everything is ready`

const { values: options } = parseArgs({
  options: {
    browser: { type: 'boolean', default: false },
    'no-open': { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false }
  }
})

/** How to end what was started, in the order of starting. */
const endings: (() => Promise<unknown>)[] = []

async function buildPackage(): Promise<void> {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const group = new ProcessGroup(npm, ['run', '--silent', 'package'], {
    cwd: projectFolder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32'
  })
  endings.push(() => group.stop())
  if ((await group.exited()) !== 0) throw new Error('The extension could not be built: see above.')
}

/** Opens VS Code; the result resolves when its user has closed it (never for VS Code in the browser). */
async function openEditor(folder: string, playground: Awaited<ReturnType<typeof createPlayground>>) {
  const program = options.browser ? undefined : await desktopCode()
  if (program) {
    const window = await openDesktop(program, folder, playground)
    endings.push(() => window.stop())
    return { place: 'A window of VS Code opens.', closed: window.exited() }
  }
  const server = await startServer(folder, playground)
  endings.push(() => server.stop())
  const address = addressOf(server, playground)
  if (!options['no-open'] && !options.check) openInBrowser(address)
  return { place: `VS Code in the browser: ${address}`, closed: new Promise<never>(() => undefined) }
}

async function main(): Promise<void> {
  const started = performance.now()
  await buildPackage()
  const folder = await temporaryFolder()
  endings.push(() => removeFolder(folder))
  const sample = await placeSample(folder)
  const peer = new CliPeer(['share', sample, '--data', join(folder, 'second-peer/data')])
  endings.push(() => peer.stop())
  const playground = await createPlayground(folder, await sharedSample(peer))
  const { place, closed } = await openEditor(folder, playground)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`Ready after ${seconds} s. ${place}`)
  if (options.check) return
  console.log('GETTING-STARTED.md tells what to try. Ctrl+C here ends everything.')
  await closed
}

/** Resolves at Ctrl+C, whatever is being done then. */
function interrupted(): Promise<void> {
  return new Promise(resolve => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
}

async function endEverything(): Promise<void> {
  for (const end of endings.splice(0).reverse()) await end()
}

if (options.help) console.log(usage)
else
  try {
    await Promise.race([main(), interrupted()])
  } finally {
    await endEverything()
  }
// A browser or a window of VS Code that we opened may hold this process.
process.exit()
