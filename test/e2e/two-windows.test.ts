import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import { removeFolder, temporaryFolder } from '../harness/temporary-folder.ts'
import type { Workbench } from '../harness/workbench.ts'
import { type CliPeer, Peers } from '../process/cli-peer.ts'
import { sha256OfFile, writeSampleFile } from '../process/sample-file.ts'
import { agreeToJoin, Editor, sampleVideo, screenshotFolder } from './editor.ts'
import { tellStory } from './story.ts'

const MIB = 1024 * 1024
/** KiB/s at which the owner sends until the second window goes on: a slow machine must not be done before. */
const uploadLimit = ['--upload-limit', '256']

describe('windows on one profile', () => {
  let browser: Browser
  let folder: string
  let editor: Editor
  /** Open before the peer had keys. */
  let early: Workbench
  let first: Workbench
  let second: Workbench
  let peers: Peers
  let owner: CliPeer
  let ownersData: string
  let longVideo: { id: string; sha256: string }
  let shortVideo: { id: string }

  tellStory(() => browser)

  before(async () => {
    folder = await temporaryFolder()
    peers = new Peers(folder)
    ownersData = peers.newDataFolder()
    const sha256 = await writeSampleFile(longPath(), 60 * MIB)
    owner = share(uploadLimit)
    const shared = (name: number) =>
      owner.event('shared', event => (name === 0) === (event.bytes as number) > MIB)
    longVideo = { id: String((await shared(0)).id), sha256 }
    shortVideo = { id: String((await shared(1)).id) }
    browser = await launchBrowser()
    editor = await Editor.start({
      browser,
      folder: join(folder, 'editor'),
      files: { 'another.webm': sampleVideo },
      settings: { 'chordcast.bootstrap': [await owner.address()], 'chordcast.watchOnFetch': false }
    })
    early = await editor.openWindow()
    await early.openViewContainer('Chordcast')
    first = await editor.openWindow()
    await first.openViewContainer('Chordcast')
  })

  after(async () => {
    await editor?.stop()
    await browser?.close()
    await peers.stopAll()
    await removeFolder(folder)
  })

  const longPath = (): string => join(folder, 'long.webm')

  /** The owner's peer, the same one each time: its IDs and its port lie in its data folder. */
  function share(limit: readonly string[]): CliPeer {
    return peers.start(['share', longPath(), sampleVideo, ...limit], { data: ownersData })
  }

  /** How much of the long video has arrived, as the window shows it. */
  async function percentIn(window: Workbench): Promise<number> {
    const text = await window.treeRow('Videos', 'long.webm').innerText()
    return text.includes('complete') ? 100 : Number(/(\d+) %/.exec(text)?.[1] ?? 0)
  }

  async function fetchIn(window: Workbench, id: string): Promise<void> {
    await window.runCommand('Chordcast: Fetch Video by ID…')
    await window.answerInputBox('', id)
  }

  it('the second shows what the first one fetches, and its peers', async () => {
    await fetchIn(first, longVideo.id)
    await agreeToJoin(first)
    await first.treeRow('Videos', /long\.webm/).waitFor()
    second = await editor.openWindow()
    await second.openViewContainer('Chordcast')
    await second.treeRow('Videos', /long\.webm/).waitFor()
    await second.treeRow('Peers', /127\.0\.0\.1/).waitFor()
    await second.screenshot(join(screenshotFolder, 'second-window.png'))
  })

  it('the second can fetch', async () => {
    await fetchIn(second, shortVideo.id)
    await second.treeRow('Videos', /sample\.webm.*complete/).waitFor()
    await first.treeRow('Videos', /sample\.webm.*complete/).waitFor()
  })

  it('the second goes on with the transfer after the first is closed', async () => {
    const before = await percentIn(second)
    assert.ok(before < 100, 'still on its way')
    await first.close()
    await second.focus()
    await eventually('more of the video', 60_000, async () =>
      (await percentIn(second)) > before + 1 ? true : undefined
    )
  })

  it('finds the owner again after that was killed, and completes', async () => {
    await owner.kill()
    owner = share([])
    await second.treeRow('Videos', /long\.webm.*complete/).waitFor({ timeout: 90_000 })
    const saved = join(editor.downloads, 'long.webm')
    await eventually('the saved file', 5000, async () =>
      (await sha256OfFile(saved).catch(() => undefined)) === longVideo.sha256 ? true : undefined
    )
  })

  it('a window that was open before the peer had keys takes over with all that is there', async () => {
    await second.close()
    await early.focus()
    await early.openViewContainer('Explorer')
    // Answered by whoever runs the peer from now on: the rows alone may still be what the second window told.
    await early.contextMenu(early.explorerRow('another.webm'), 'Share Video…')
    await early.notification('Sharing another.webm').waitFor()
    await early.openViewContainer('Chordcast')
    for (const name of [/long\.webm.*complete/, /sample\.webm.*complete/, /another\.webm.*sharing/])
      await early.treeRow('Videos', name).waitFor()
  })
})
