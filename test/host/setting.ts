import { copyFile, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

export const projectFolder = resolve(import.meta.dirname, '../..')

/** VS Code loads one file of tests, as JavaScript: bundles them and returns its path. */
export async function bundleHostTests(): Promise<string> {
  const outfile = join(projectFolder, 'test-results/host/index.mjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'index.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    packages: 'external',
    logLevel: 'warning',
    sourcemap: 'inline'
  })
  return outfile
}

/** A workspace with a video in it. */
export async function sampleWorkspace(folder: string): Promise<string> {
  const workspace = join(folder, 'workspace')
  await mkdir(workspace, { recursive: true })
  await copyFile(join(projectFolder, 'test/fixtures/sample.webm'), join(workspace, 'sample.webm'))
  return workspace
}

/** Settings of a peer that stays on this machine. */
export function hostSettings(folder: string): Record<string, unknown> {
  return {
    'chordcast.host': ['127.0.0.1'],
    'chordcast.lanDiscovery': false,
    'chordcast.downloadFolder': join(folder, 'downloads'),
    'chordcast.watchOnFetch': false
  }
}

/** What the tests read from their environment, beside what the runner of all tests puts there. */
export function hostEnvironment(userDataFolder: string): Record<string, string> {
  return {
    CHORDCAST_TEST_COUNTS: process.env.CHORDCAST_TEST_COUNTS ?? '',
    CHORDCAST_TEST_DATA: join(userDataFolder, 'User/globalStorage/chordcast.chordcast')
  }
}
