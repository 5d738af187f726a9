import assert from 'node:assert/strict'
import type { FrameLocator, Locator } from 'playwright-core'
import { eventually } from '../harness/eventually.ts'
import { pictureOf } from '../harness/picture.ts'
import type { Workbench } from '../harness/workbench.ts'

// Runs in the webview. Ratio of luminances as WCAG 2.2 defines it, 1 to 21.
function contrastWithPage(element: Element): number {
  const luminance = (colour: string): number => {
    const channels =
      colour
        .match(/[\d.]+/g)
        ?.slice(0, 3)
        .map(Number) ?? []
    const [red = 0, green = 0, blue = 0] = channels.map(value =>
      value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const text = luminance(getComputedStyle(element).color)
  const page = luminance(
    getComputedStyle(document.documentElement)
      .getPropertyValue('--vscode-editor-background')
      .replace(/^#(..)(..)(..).*$/, (_all, red: string, green: string, blue: string) =>
        [red, green, blue].map(hex => Number.parseInt(hex, 16)).join(' ')
      )
  )
  return (Math.max(text, page) + 0.05) / (Math.min(text, page) + 0.05)
}

/** The player in front, as its user has it. */
export class Player {
  readonly #workbench: Workbench

  constructor(workbench: Workbench) {
    this.#workbench = workbench
  }

  /** The document of the player that is in front now. */
  get page(): FrameLocator {
    return this.#workbench.webview()
  }

  /** The video or sound. */
  get media(): Locator {
    return this.page.locator('video, audio')
  }

  /** The name of the video below it. */
  get title(): Locator {
    return this.page.locator('h1')
  }

  /** Contrast of the title with the page, 1 to 21. */
  async contrast(): Promise<number> {
    return this.title.evaluate(contrastWithPage)
  }

  async time(): Promise<number> {
    return this.media.evaluate((media: HTMLMediaElement) => media.currentTime)
  }

  /** Presses a key while nothing has the focus but the page. */
  async press(key: string): Promise<void> {
    await this.page.locator('body').press(key)
  }

  /** Seconds of the video at which it was when the browser last showed a picture there, after a seek to `part` of it. */
  async seek(part: number): Promise<number> {
    return this.media.evaluate(async (media: HTMLMediaElement, to: number) => {
      const arrived = new Promise(resolve => media.addEventListener('seeked', resolve, { once: true }))
      media.currentTime = media.duration * to
      await arrived
      return media.currentTime
    }, part)
  }

  /** Clicks on the scrub bar at `part` of the video. Returns the milliseconds until a picture of that place was there. */
  async clickScrubBar(part: number): Promise<number> {
    const slider = this.page.getByRole('slider', { name: 'Position' })
    const box = await slider.boundingBox()
    assert.ok(box, 'the scrub bar is in sight')
    const arrival = await this.media.evaluateHandle((media: HTMLMediaElement) => ({
      time: new Promise<number>(resolve =>
        media.addEventListener('seeked', () => resolve(Date.now()), { once: true })
      )
    }))
    const start = Date.now()
    await slider.click({ position: { x: box.width * part, y: box.height / 2 } })
    return (await arrival.evaluate(({ time }) => time)) - start
  }

  /** When, by the clock, the first picture was there of a video that plays as soon as it can. */
  async firstPicture(): Promise<number> {
    return this.media.evaluate(
      (video: HTMLVideoElement) =>
        new Promise<number>(resolve => {
          // Whoever comes late counts back, to where it began after the last seek.
          const played = (): number => {
            const last = video.played.length - 1
            if (last < 0 || video.currentTime > video.played.end(last)) return 0
            return Math.max(0, video.currentTime - video.played.start(last))
          }
          const shown = (): void => resolve(Math.round(Date.now() - played() * 1000))
          if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) shown()
          else {
            // A player that resumes elsewhere may have loaded already and be seeking now.
            video.addEventListener('loadeddata', shown, { once: true })
            video.addEventListener('canplay', shown, { once: true })
          }
        })
    )
  }

  /** Waits until the picture is at `seconds` or later, and the video plays on from there. */
  async reaches(seconds: number): Promise<void> {
    await eventually(`the video plays on from ${seconds.toFixed(1)} s`, 60_000, async () =>
      (await this.time()) >= seconds ? true : undefined
    )
    await this.assertGoesOn()
  }

  /** Starts the video as a click does, unless it plays already. */
  async play(): Promise<void> {
    await this.media.waitFor({ state: 'attached' })
    await this.media.evaluate(async (media: HTMLMediaElement) => {
      media.loop = true
      if (media.paused) await media.play()
    })
  }

  /** Fails unless time goes on. */
  async assertGoesOn(): Promise<void> {
    const start = await this.time()
    await eventually('the video goes on', 20_000, async () =>
      Math.abs((await this.time()) - start) > 0.5 ? true : undefined
    )
  }

  /** Fails unless time goes on and the picture on the screen is colourful and moves. */
  async assertPlays(): Promise<void> {
    await this.assertGoesOn()
    const first = await pictureOf(this.media)
    assert.ok(first.brightness > 10, `black: brightness ${first.brightness}`)
    assert.ok(first.colours > 20, `flat: ${first.colours} colours`)
    const moved = await eventually('the picture moves', 10_000, async () => {
      const difference = (await pictureOf(this.media)).differenceFrom(first)
      return difference > 0.005 ? difference : undefined
    })
    assert.ok(moved > 0)
  }

  /** Whether this browser says that it plays a type with these codecs. */
  async claims(type: string): Promise<boolean> {
    return this.media.evaluate(
      (media: HTMLMediaElement, name: string) => media.canPlayType(name) !== '',
      type
    )
  }

  /** The warning above the picture. */
  get banner(): Locator {
    return this.page.getByRole('alert')
  }
}
