import type { Browser, Page } from 'playwright-core'

/** Milliseconds in which a picture must be there. */
const PICTURE_DEADLINE = 30_000

/** The `<video>` of a page of its own in a real browser. */
export class BrowserPlayer {
  readonly #page: Page

  private constructor(page: Page) {
    this.#page = page
  }

  /** A page that is ready to play: the browser's own start does not count. */
  static async open(browser: Browser): Promise<BrowserPlayer> {
    const page = await browser.newPage()
    await page.setContent('<video muted></video>')
    return new BrowserPlayer(page)
  }

  /** Whether this browser says that it plays a type with these codecs. */
  async claims(type: string): Promise<boolean> {
    return await this.#page
      .locator('video')
      .evaluate((video: HTMLVideoElement, name) => video.canPlayType(name) !== '', type)
  }

  /** Plays `url`. Resolves when the first picture is shown, with when the first answer came and when that was, in monotonic milliseconds. */
  async play(url: string): Promise<{ firstByteAt: number; firstPictureAt: number }> {
    let firstByteAt = Number.NaN
    // The head of the answer is sent once the first bytes are here.
    this.#page.once('response', () => {
      firstByteAt = performance.now()
    })
    await this.#page.evaluate(showFirstPicture, { url, deadline: PICTURE_DEADLINE })
    return { firstByteAt, firstPictureAt: performance.now() }
  }

  /** How often it has had to wait since its first picture. */
  async stalls(): Promise<number> {
    return await this.#page.evaluate(() => Number(document.querySelector('video')?.dataset.stalls))
  }

  /** Seconds from a seek to `part` of the whole, 0 to 1, until a picture of there is shown. */
  async seek(part: number): Promise<number> {
    return await this.#page.evaluate(seekTo, { part, deadline: PICTURE_DEADLINE })
  }

  async close(): Promise<void> {
    await this.#page.close()
  }
}

// Runs in the page.
async function showFirstPicture({ url, deadline }: { url: string; deadline: number }): Promise<void> {
  const video = document.querySelector('video')
  if (!video) throw new Error('The page has no video.')
  await new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`no picture in ${deadline / 1000} s`)), deadline)
    video.addEventListener('error', () => reject(new Error(video.error?.message ?? 'it does not play')))
    video.requestVideoFrameCallback(resolve)
    video.src = url
    video.play().catch(reject)
  })
  let stalls = 0
  video.dataset.stalls = '0'
  video.addEventListener('waiting', () => {
    video.dataset.stalls = String(++stalls)
  })
}

// Runs in the page.
async function seekTo({ part, deadline }: { part: number; deadline: number }): Promise<number> {
  const video = document.querySelector('video')
  if (!video) throw new Error('The page has no video.')
  const since = performance.now()
  const place = video.duration * part
  await new Promise<void>((resolve, reject) => {
    setTimeout(() => reject(new Error(`no picture ${deadline / 1000} s after a seek`)), deadline)
    // A picture from before may still be on its way to the screen.
    const look = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
      if (Math.abs(mediaTime - place) < 1) resolve()
      else video.requestVideoFrameCallback(look)
    }
    video.requestVideoFrameCallback(look)
    video.currentTime = place
  })
  return (performance.now() - since) / 1000
}
