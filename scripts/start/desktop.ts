import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { exists } from '../../test/harness/cache.ts'
import { ProcessGroup } from '../../test/harness/process-group.ts'
import { type Playground, vsix } from './playground.ts'

const run = promisify(execFile)
const windows = process.platform === 'win32'

/** The `code` program of desktop VS Code, if it is on PATH and there is a screen for it. */
export async function desktopCode(): Promise<string | undefined> {
  const { DISPLAY, WAYLAND_DISPLAY, PATH = '' } = process.env
  if (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY) return undefined
  for (const folder of PATH.split(delimiter)) {
    const program = join(folder, windows ? 'code.cmd' : 'code')
    if (await exists(program)) return program
  }
  return undefined
}

/** Opens a window of desktop VS Code with folders of its own; the group ends when the window is closed. */
export async function openDesktop(
  program: string,
  folder: string,
  playground: Playground
): Promise<ProcessGroup> {
  const userData = join(folder, 'user-data')
  await mkdir(join(userData, 'User'), { recursive: true })
  const settings = {
    ...playground.settings,
    'workbench.startupEditor': 'none',
    'chat.disableAIFeatures': true
  }
  await writeFile(join(userData, 'User/settings.json'), JSON.stringify(settings, null, 2))
  const folders = ['--user-data-dir', userData, '--extensions-dir', join(folder, 'extensions')]
  await run(program, [...folders, '--install-extension', vsix], { timeout: 60_000, shell: windows })
  const window = ['--new-window', '--wait', '--disable-workspace-trust', '--skip-welcome']
  const args = [...folders, ...window, playground.workspace, playground.gettingStarted]
  return new ProcessGroup(program, args, { stdio: 'ignore', shell: windows })
}
