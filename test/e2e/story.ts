import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { screenshotFolder } from './editor.ts'

/**
 * Call inside a `describe` whose tests are steps, each going on from the one before. When a step fails, every open page is photographed
 * for whoever looks into it, and the story ends there: the steps after it could only wait in vain.
 */
export function tellStory(browser: () => Browser | undefined): void {
  let failedStep: string | undefined

  beforeEach(() => {
    if (failedStep !== undefined)
      throw new Error(`“${failedStep}” failed, so the steps after it were not tried`)
  })

  afterEach(async function () {
    const test = this.currentTest
    if (test?.state !== 'failed') return
    failedStep = test.title
    const name = test.fullTitle().replaceAll(/[^\w]+/g, '-')
    const pages =
      browser()
        ?.contexts()
        .flatMap(profile => profile.pages()) ?? []
    for (const [index, page] of pages.entries())
      await page.screenshot({ path: join(screenshotFolder, `failed-${name}-${index}.png`) })
  })
}
