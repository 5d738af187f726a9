/* Takes the pictures of README.md from a run of the e2e tests, which must pass. */
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ProcessGroup } from '../test/harness/process-group.ts'
import { projectFolder } from './start/playground.ts'

/** Name in docs/images to name in test-results/screenshots. */
const pictures: Record<string, string> = {
  'share.png': '01-context-menu.png',
  'fetch.png': '05-fetch-by-id.png',
  'watch.png': '08-watch-vs-dark.png',
  'watch-light.png': '09-watch-vs.png',
  'watch-high-contrast.png': '10-watch-hc-black.png',
  'getting-started.png': 'getting-started.png'
}

const mocha = ['node_modules/mocha/bin/mocha.js', '--timeout', '180s']
const flows = ['test/e2e/share-and-watch.test.ts', 'test/e2e/npm-start.test.ts']
const run = new ProcessGroup(process.execPath, [...mocha, ...flows], { cwd: projectFolder, stdio: 'inherit' })
if ((await run.exited()) !== 0) throw new Error('The e2e tests failed: no pictures were taken.')

const images = join(projectFolder, 'docs/images')
await mkdir(images, { recursive: true })
for (const [name, source] of Object.entries(pictures))
  await copyFile(join(projectFolder, 'test-results/screenshots', source), join(images, name))
console.log(`Wrote ${Object.keys(pictures).length} pictures to docs/images.`)
