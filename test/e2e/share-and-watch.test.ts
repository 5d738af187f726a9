import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import { freePort } from '../harness/free-port.ts'
import { removeFolder, temporaryFolder } from '../harness/temporary-folder.ts'
import type { Workbench } from '../harness/workbench.ts'
import { sha256OfFile } from '../process/sample-file.ts'
import { agreeToJoin, Editor, fixture, sampleVideo, screenshotFolder } from './editor.ts'
import { Player } from './player.ts'
import { tellStory } from './story.ts'

const indexLast = fixture('sample-moov-last.mp4')
const id = /^bafyrei[a-z2-7]{52}$/

describe('two people, each with a VS Code', () => {
  let browser: Browser
  let folder: string
  let ada: Editor
  let ben: Editor
  let adasWindow: Workbench
  let bensWindow: Workbench
  let copiedId: string
  let shots = 0

  async function shot(window: Workbench, name: string): Promise<void> {
    const number = `${++shots}`.padStart(2, '0')
    await window.screenshot(join(screenshotFolder, `${number}-${name}.png`))
  }

  tellStory(() => browser)

  before(async () => {
    folder = await temporaryFolder()
    browser = await launchBrowser()
    const port = await freePort()
    ada = await Editor.start({
      browser,
      folder: join(folder, 'ada'),
      settings: { 'chordcast.port': port },
      files: { 'sample.webm': sampleVideo, 'index-last.mp4': indexLast }
    })
    ben = await Editor.start({
      browser,
      folder: join(folder, 'ben'),
      settings: { 'chordcast.bootstrap': [`127.0.0.1:${port}`] }
    })
    adasWindow = await ada.openWindow()
    bensWindow = await ben.openWindow()
  })

  after(async () => {
    await Promise.all([ada?.stop(), ben?.stop()])
    await browser?.close()
    await removeFolder(folder)
  })

  it('Ada shares a video from the explorer, after she agreed to be seen', async () => {
    await adasWindow.openContextMenu(adasWindow.explorerRow('sample.webm'), 'Share Video…')
    await shot(adasWindow, 'context-menu')
    await adasWindow.page.keyboard.press('Escape')
    await adasWindow.contextMenu(adasWindow.explorerRow('sample.webm'), 'Share Video…')
    await adasWindow.modal().waitFor()
    await shot(adasWindow, 'consent')
    await agreeToJoin(adasWindow)
    await adasWindow.notification('Sharing sample.webm').waitFor()
    await shot(adasWindow, 'shared')
  })

  it('Ada copies the ID', async () => {
    await adasWindow.clearClipboard()
    await adasWindow.notification('Sharing sample.webm').getByRole('button', { name: 'Copy ID' }).click()
    copiedId = await adasWindow.clipboard(id)
  })

  it('Ada sees the video as shared', async () => {
    await adasWindow.openViewContainer('Chordcast')
    await adasWindow.treeRow('Videos', /sample\.webm.*sharing/).waitFor()
    await shot(adasWindow, 'videos')
  })

  it('Ben fetches it by the ID from the command palette', async () => {
    await bensWindow.openViewContainer('Chordcast')
    await bensWindow.runCommand('Chordcast: Fetch Video by ID…')
    await bensWindow.inputBox().locator('input.input').fill(copiedId)
    await shot(bensWindow, 'fetch-by-id')
    await bensWindow.page.keyboard.press('Enter')
    await agreeToJoin(bensWindow)
    await bensWindow.treeRow('Videos', /sample\.webm.*complete/).waitFor()
  })

  it('Ben watches it: time goes on, the picture is not black and moves', async () => {
    const player = new Player(bensWindow)
    await player.play()
    await player.assertPlays()
    await shot(bensWindow, 'watch')
  })

  it('Ben sees in the tooltip what the headers of the video tell', async () => {
    const facts = bensWindow.page.locator('.monaco-hover').getByText('640 × 360, 24 fps')
    await eventually('a tooltip with the facts', 30_000, async () => {
      await bensWindow.treeRow('Videos', 'sample.webm').hover()
      return (await facts.count()) > 0 || undefined
    })
    await shot(bensWindow, 'tooltip')
  })

  it('the file that Ben has saved equals Ada’s', async () => {
    const [name] = await eventually('a saved file', 10_000, async () => {
      const names = await readdir(ben.downloads)
      return names.includes('sample.webm') ? ['sample.webm'] : undefined
    })
    assert.equal(await sha256OfFile(join(ben.downloads, name!)), await sha256OfFile(sampleVideo))
  })

  it('each sees the other among the peers', async () => {
    await adasWindow.treeRow('Peers', /127\.0\.0\.1/).waitFor()
    await bensWindow.treeRow('Peers', /127\.0\.0\.1/).waitFor()
  })

  const themes = [
    ['Dark Modern', 'vs-dark'],
    ['Light Modern', 'vs'],
    ['Dark High Contrast', 'hc-black']
  ] as const
  for (const [label, kind] of themes) {
    it(`Ben can read everything in ${label}`, async () => {
      await bensWindow.chooseTheme(label, kind)
      const contrast = await new Player(bensWindow).contrast()
      assert.ok(contrast >= 4.5, `contrast ${contrast.toFixed(1)}`)
      await shot(bensWindow, `watch-${kind}`)
    })
  }

  it('Ada sees the ring of two, and why she is a member of it', async () => {
    await adasWindow.treeRow('Peers', /public · member/).click()
    await adasWindow.treeRow('Peers', /This peer began its ring|Another peer reached this one/).waitFor()
    await adasWindow.treeRow('Peers', /Successors.*1 peer/).waitFor()
    await shot(adasWindow, 'ring')
  })

  it('Ada opens her file with the player, out of the explorer', async () => {
    await adasWindow.openViewContainer('Explorer')
    await adasWindow.contextMenu(adasWindow.explorerRow('sample.webm'), 'Open With...')
    await adasWindow.quickPickRow('Chordcast Player').click()
    const player = new Player(adasWindow)
    await player.title.filter({ hasText: 'sample.webm' }).waitFor()
    await player.assertPlays()
    await shot(adasWindow, 'open-with')
  })

  it('Ada is asked about an MP4 with its index at its end, and shares a copy that begins with it', async () => {
    await adasWindow.contextMenu(adasWindow.explorerRow('index-last.mp4'), 'Share Video…')
    await adasWindow.quickPickRow('Share a Fast-Start Copy').waitFor()
    await shot(adasWindow, 'fast-start')
    await adasWindow.quickPickRow('Share a Fast-Start Copy').click()
    await adasWindow.notification('Sharing index-last.mp4').waitFor()
    const copy = await readFile(join(ada.workspace, 'index-last.fast-start.mp4'))
    assert.ok(copy.indexOf('moov') < copy.indexOf('mdat'), 'the index comes first')
    const original = await readFile(join(ada.workspace, 'index-last.mp4'))
    assert.deepEqual(original, await readFile(indexLast), 'the original is as it was')
  })

  it('Ada looks up who holds the video', async () => {
    await adasWindow.runCommand('Chordcast: Look Up Holders…')
    await adasWindow.quickPickRow('sample.webm').click()
    await adasWindow.quickPickRow('100 %').waitFor()
    await shot(adasWindow, 'holders')
    await adasWindow.page.keyboard.press('Escape')
  })

  it('nothing in the windows broke their content security policy', () => {
    assert.deepEqual([...ada.violations, ...ben.violations], [])
  })
})
