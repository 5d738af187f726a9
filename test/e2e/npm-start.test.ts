import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../harness/browser.ts'
import { ProcessGroup } from '../harness/process-group.ts'
import { newProfile, Workbench } from '../harness/workbench.ts'
import { agreeToJoin, projectFolder, screenshotFolder } from './editor.ts'
import { Player } from './player.ts'
import { tellStory } from './story.ts'

describe('npm start', () => {
  let browser: Browser
  let program: ProcessGroup
  let url: string
  let window: Workbench

  tellStory(() => browser)

  before(async () => {
    browser = await launchBrowser()
  })

  after(async () => {
    await browser?.close()
    await program?.stop(15_000)
  })

  it('gets a VS Code ready, with a second peer that shares a video', async () => {
    const started = performance.now()
    program = new ProcessGroup(process.execPath, ['scripts/start.ts', '--browser', '--no-open'], {
      cwd: projectFolder,
      stdio: ['ignore', 'pipe', 'inherit']
    })
    for await (const line of createInterface({ input: program.child.stdout! })) {
      url = /http:\/\/\S+/.exec(line)?.[0] ?? ''
      if (url) break
    }
    assert.ok(url, 'an address is printed')
    console.log(`      ready after ${((performance.now() - started) / 1000).toFixed(1)} s`)
  })

  it('opens with a page that holds an ID to fetch', async () => {
    window = await Workbench.open(await newProfile(browser), url)
    const page = window.page.locator('.editor-instance').filter({ hasText: 'Getting started with Chordcast' })
    await page.waitFor()
    await window.page.locator('.activitybar').getByRole('tab', { name: 'Chordcast' }).waitFor()
    await window.screenshot(join(screenshotFolder, 'getting-started.png'))
  })

  it('fetches that ID and plays it', async () => {
    const id = await window.page.evaluate(() => /bafyrei[a-z2-7]{52}/.exec(document.body.textContent)?.[0])
    assert.ok(id)
    await window.runCommand('Chordcast: Fetch Video by ID…')
    await window.answerInputBox('', id)
    await agreeToJoin(window)
    const player = new Player(window)
    await player.play()
    await player.assertPlays()
    await window.screenshot(join(screenshotFolder, 'getting-started-watch.png'))
  })

  it('ends everything at Ctrl+C', async () => {
    const closed = once(program.child, 'close')
    program.child.kill('SIGINT')
    await closed
    assert.equal(program.child.exitCode, 0)
    await assert.rejects(fetch(new URL('/healthz', url)), 'the server is gone')
  })
})
