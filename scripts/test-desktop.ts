/*
 * Runs the host tests in a desktop VS Code: the program that VSCODE names, or one that is downloaded once into
 * .vscode-test. For machines with a screen; everywhere else `npm run test:host` runs them in VS Code's server.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runTests } from '@vscode/test-electron'
import { removeFolder, temporaryFolder } from '../test/harness/temporary-folder.ts'
import {
  bundleHostTests,
  hostEnvironment,
  hostSettings,
  projectFolder,
  sampleWorkspace
} from '../test/host/setting.ts'

const folder = await temporaryFolder()
const userData = join(folder, 'user-data')
try {
  await mkdir(join(userData, 'User'), { recursive: true })
  await writeFile(join(userData, 'User/settings.json'), JSON.stringify(hostSettings(folder), null, 2))
  const workspace = await sampleWorkspace(folder)
  const { VSCODE } = process.env
  process.exitCode = await runTests({
    ...(VSCODE && { vscodeExecutablePath: VSCODE }),
    extensionDevelopmentPath: projectFolder,
    extensionTestsPath: await bundleHostTests(),
    extensionTestsEnv: hostEnvironment(userData),
    launchArgs: [workspace, '--user-data-dir', userData, '--disable-workspace-trust', '--skip-welcome']
  })
} finally {
  await removeFolder(folder)
}
