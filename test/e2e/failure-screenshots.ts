import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { screenshotFolder } from './editor.ts'

/** Call inside `describe`: when a test fails, every open page is photographed for whoever looks into it. */
export function photographFailures(browser: () => Browser | undefined): void {
  afterEach(async function () {
    const test = this.currentTest
    if (test?.state !== 'failed') return
    const name = test.fullTitle().replaceAll(/[^\w]+/g, '-')
    const pages =
      browser()
        ?.contexts()
        .flatMap(profile => profile.pages()) ?? []
    for (const [index, page] of pages.entries())
      await page.screenshot({ path: join(screenshotFolder, `failed-${name}-${index}.png`) })
  })
}
