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
  return { 'chordcast.host': ['127.0.0.1'], 'chordcast.downloadFolder': join(folder, 'downloads') }
}
