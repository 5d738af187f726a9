import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Programs that tests need and that are not in package.json for their size: outlives a clone of the project. */
const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chordcast-test')

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false
  )
}

/**
 * The folder of that name in the cache, filled by `fill` the first time. Two runs at once may both fill it: each
 * works on a folder of its own, and the first to finish wins.
 */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder, name)
  if (await exists(folder)) return folder
  await mkdir(cacheFolder, { recursive: true })
  const draft = await mkdtemp(join(cacheFolder, `${name}.draft-`))
  try {
    await fill(draft)
    await rename(draft, folder)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (!(await exists(folder))) throw error
  }
  return folder
}

// npm hands its own settings to the scripts it runs; a nested npm must work on its own folder.
function environmentForNpm(): NodeJS.ProcessEnv {
  const kept = /^npm_config_(registry|userconfig|globalconfig|cache)$/i
  return Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^npm_/i.test(key) || kept.test(key))
  )
}

/** `npm install` of exact versions into a folder outside the project, without running their install scripts. */
export async function npmInstall(folder: string, packages: readonly string[]): Promise<void> {
  if (!(await exists(join(folder, 'package.json'))))
    await writeFile(join(folder, 'package.json'), '{"private":true}')
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error']
  const args = ['install', '--ignore-scripts', '--omit=dev', ...quiet, ...packages]
  await run('npm', args, {
    cwd: folder,
    env: environmentForNpm(),
    timeout: 600_000,
    maxBuffer: 1 << 26,
    shell: process.platform === 'win32'
  })
}
