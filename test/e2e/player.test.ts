import assert from 'node:assert/strict'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import { pictureOf } from '../harness/picture.ts'
import { removeFolder, temporaryFolder } from '../harness/temporary-folder.ts'
import type { Workbench } from '../harness/workbench.ts'
import { type CliPeer, Peers } from '../process/cli-peer.ts'
import { agreeToJoin, Editor, fixture, screenshotFolder } from './editor.ts'

import { Player } from './player.ts'
import { tellStory } from './story.ts'

/** Milliseconds from the click to the first picture. The bar is 1.5 s on a machine of its own; this is for one that many share. */
const firstPictureDeadline = 30_000

/** What is shared, and from which fixture. */
const sources: Record<string, string> = {
  'picture-and-sound.webm': fixture('sample-vp9-opus.webm'),
  'index-first.mp4': fixture('sample-h264-aac.mp4'),
  'index-last.mp4': fixture('sample-moov-last.mp4'),
  'tone.mp3': fixture('sample.mp3'),
  'pattern.png': fixture('sample.png')
}
const mp4 = 'video/mp4; codecs="avc1.4d400d, mp4a.40.2"'
const captions = 'WEBVTT\n\n00:00.000 --> 01:00.000\nA pattern that moves\n'
const note = 'Nothing to see, nothing to hear.\n'

describe('the player, for what can be shared', () => {
  let browser: Browser
  let folder: string
  let editor: Editor
  let window: Workbench
  let player: Player
  let peers: Peers
  /** Name to ID. */
  const ids = new Map<string, string>()

  tellStory(() => browser)

  before(async () => {
    folder = await temporaryFolder()
    peers = new Peers(folder)
    const owner = await shareAll()
    browser = await launchBrowser()
    editor = await Editor.start({
      browser,
      folder: join(folder, 'editor'),
      settings: { 'chordcast.bootstrap': [await owner.address()] }
    })
    window = await editor.openWindow()
    player = new Player(window)
    await window.openViewContainer('Chordcast')
  })

  after(async () => {
    await editor?.stop()
    await browser?.close()
    await peers?.stopAll()
    await removeFolder(folder)
  })

  async function shareAll(): Promise<CliPeer> {
    const from = join(folder, 'shared')
    await mkdir(from)
    const paths = [...Object.keys(sources), 'notes.txt'].map(name => join(from, name))
    for (const [name, source] of Object.entries(sources)) await copyFile(source, join(from, name))
    await writeFile(join(from, 'notes.txt'), note)
    await writeFile(join(from, 'picture-and-sound.en.vtt'), captions)
    const owner = peers.start(['share', ...paths])
    for (const [index, path] of paths.entries()) {
      const { id } = await eventually('a share', 60_000, async () =>
        owner.events.filter(({ event }) => event === 'shared').at(index)
      )
      ids.set(basename(path), String(id))
    }
    return owner
  }

  async function fetch(name: string): Promise<void> {
    await window.runCommand('Chordcast: Fetch Video by ID…')
    await window.answerInputBox('', ids.get(name) ?? '')
  }

  /** Fetches a video; its player comes to the front by itself. */
  async function watch(name: string): Promise<void> {
    await fetch(name)
    await player.title.filter({ hasText: name }).waitFor()
  }

  const shot = (name: string): Promise<void> =>
    window.screenshot(join(screenshotFolder, `player-${name}.png`))

  /** What the browser claims to play plays; of anything else the player says so and offers the browser. */
  async function assertPlays(type: string): Promise<void> {
    const plays = await player.claims(type)
    console.log(`      ${type}: ${plays ? 'plays' : 'not claimed by this browser'}`)
    if (!plays) return await player.banner.getByText('Open in Browser').waitFor()
    await player.play()
    await player.assertPlays()
  }

  it('WebM (VP9, Opus) plays, with the captions that lay beside it', async () => {
    await fetch('picture-and-sound.webm')
    await agreeToJoin(window)
    await player.title.filter({ hasText: 'picture-and-sound.webm' }).waitFor()
    await assertPlays('video/webm; codecs="vp9, opus"')
    await player.press('c')
    await eventually('captions', 5000, async () =>
      player.media.evaluate((video: HTMLVideoElement) => {
        const [cue] = video.textTracks[0]?.activeCues ?? []
        return (cue as VTTCue | undefined)?.text
      })
    )
    await shot('webm')
  })

  it('its keys are listed, and do what the list says', async () => {
    await player.press('?')
    await player.page.getByRole('heading', { name: 'Keyboard Shortcuts' }).waitFor()
    await shot('help')
    await player.page.locator('dialog').press('Escape')
    await player.page.locator('dialog').waitFor({ state: 'hidden' })
    await player.press('k')
    await player.press('5')
    const middle = await player.time()
    assert.ok(Math.abs(middle - 5) < 0.1, `key 5 went to ${middle} of 10 s`)
    await player.press('.')
    const next = await player.time()
    assert.ok(next > middle && next < middle + 0.3, `one frame on from ${middle} s is ${next} s`)
    await player.press('m')
    assert.ok(await player.media.evaluate((video: HTMLVideoElement) => video.muted))
    await player.press('m')
    await player.press('>')
    assert.equal(await player.media.evaluate((video: HTMLVideoElement) => video.playbackRate), 1.25)
    await player.press('<')
  })

  it('its URL plays in a tab of its own, as Open in Browser shows it', async () => {
    const url = await player.media.evaluate((video: HTMLVideoElement) => video.currentSrc)
    const tab = await window.page.context().newPage()
    await tab.goto(url)
    await tab.locator('video').click()
    await eventually('the time to go on', 15_000, async () =>
      (await tab.locator('video').evaluate((video: HTMLVideoElement) => video.currentTime)) > 0.5
        ? true
        : undefined
    )
    await tab.close()
    await window.focus()
  })

  it('MP4 (H.264, AAC) with its index first plays', async () => {
    await watch('index-first.mp4')
    await assertPlays(mp4)
  })

  it('MP4 (H.264, AAC) with its index last plays', async () => {
    await watch('index-last.mp4')
    await assertPlays(mp4)
  })

  it('MP3 plays', async () => {
    await watch('tone.mp3')
    assert.ok(await player.claims('audio/mpeg'))
    await player.play()
    await player.assertGoesOn()
    await shot('mp3')
  })

  it('a picture is shown', async () => {
    await watch('pattern.png')
    const picture = player.page.locator('img')
    await eventually('the picture', 10_000, async () =>
      (await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)) === 320 ? true : undefined
    )
    assert.ok((await pictureOf(picture)).colours > 20)
    await shot('png')
  })

  it('of anything else a copy can be saved', async () => {
    await watch('notes.txt')
    await shot('file')
    await player.page.locator('.stage-file').getByText('Save As…').click()
    const target = join(folder, 'copy.txt')
    const path = window.inputBox().locator('input.input')
    await eventually('the proposed place', 10_000, async () =>
      (await path.inputValue()).endsWith('notes.txt') ? true : undefined
    )
    await path.fill(target)
    // The dialog takes no Enter while it lists a folder.
    await eventually('the copy', 20_000, async () => {
      if (await path.isVisible()) await path.press('Enter')
      return (await readFile(target, 'utf8').catch(() => '')) === note ? true : undefined
    })
  })

  it('the first picture comes soon after Watch', async () => {
    await window.runCommand('View: Close All Editors')
    const row = window.treeRow('Videos', /picture-and-sound\.webm/)
    await row.hover()
    const start = Date.now()
    await row.getByRole('button', { name: 'Watch' }).click()
    const shown = await player.firstPicture()
    console.log(`      first picture ${shown - start} ms after the click`)
    assert.ok(shown - start < firstPictureDeadline)
  })

  it('nothing broke the content security policy', () => assert.deepEqual(editor.violations, []))
})
