import assert from 'node:assert/strict'
import type { Locator } from 'playwright-core'
import { eventually } from '../harness/eventually.ts'
import { pictureOf } from '../harness/picture.ts'
import type { Workbench } from '../harness/workbench.ts'

/** The player in front, as its user has it. */
export class Player {
  readonly video: Locator

  constructor(workbench: Workbench) {
    this.video = workbench.webview().locator('video')
  }

  async time(): Promise<number> {
    return this.video.evaluate((video: HTMLVideoElement) => video.currentTime)
  }

  /** Starts the video as a click does, unless it plays already. */
  async play(): Promise<void> {
    await this.video.waitFor()
    await this.video.evaluate(async (video: HTMLVideoElement) => {
      video.loop = true
      if (video.paused) await video.play()
    })
  }

  /** Fails unless time goes on and the picture on the screen is colourful and moves. */
  async assertPlays(): Promise<void> {
    const start = await this.time()
    await eventually('the video goes on', 20_000, async () =>
      (await this.time()) > start + 0.5 ? true : undefined
    )
    const first = await pictureOf(this.video)
    assert.ok(first.brightness > 10, `black: brightness ${first.brightness}`)
    assert.ok(first.colours > 20, `flat: ${first.colours} colours`)
    const moved = await eventually('the picture moves', 10_000, async () => {
      const difference = (await pictureOf(this.video)).differenceFrom(first)
      return difference > 0.005 ? difference : undefined
    })
    assert.ok(moved > 0)
  }
}
