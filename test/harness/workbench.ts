import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Browser, BrowserContext, FrameLocator, Locator, Page } from 'playwright-core'
import { eventually } from './eventually.ts'

/** Workbenches need seconds for what takes a desktop a moment: two of them share a small machine here. */
const patience = 60_000

function appears(locator: Locator, milliseconds: number): Promise<boolean> {
  return reaches(locator, 'visible', milliseconds)
}

function disappears(locator: Locator, milliseconds: number): Promise<boolean> {
  return reaches(locator, 'detached', milliseconds)
}

async function reaches(
  locator: Locator,
  state: 'visible' | 'detached',
  milliseconds: number
): Promise<boolean> {
  return locator.waitFor({ state, timeout: milliseconds }).then(
    () => true,
    () => false
  )
}

/** A browser profile that may use the clipboard. The windows of one VS Code user share one profile. */
export async function newProfile(
  browser: Browser,
  viewport = { width: 1280, height: 800 }
): Promise<BrowserContext> {
  const profile = await browser.newContext({ viewport, permissions: ['clipboard-read', 'clipboard-write'] })
  profile.setDefaultTimeout(patience)
  return profile
}

/** A VS Code window in a browser, spoken of as its user sees it. */
export class Workbench {
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  /** Opens a window and waits for its explorer. */
  static async open(profile: BrowserContext, url: string): Promise<Workbench> {
    const page = await profile.newPage()
    await page.goto(url)
    await page.locator('.monaco-workbench').waitFor()
    await page.locator('.explorer-folders-view .monaco-list-row').first().waitFor()
    return new Workbench(page)
  }

  /**
   * Resolves when the browser is through with its own start. For some ten seconds Chromium leaves updates of service workers lying, and the
   * first webview behind code-server, which has a service worker of its own, is empty until then.
   */
  async browserStarted(): Promise<void> {
    await this.page.evaluate(async () => (await navigator.serviceWorker.ready).update())
  }

  /** Brings the window to the front: a browser lets hidden pages wait. */
  async focus(): Promise<void> {
    await this.page.bringToFront()
  }

  /** Closes the window, as its user does. */
  async close(): Promise<void> {
    await this.page.close({ runBeforeUnload: true })
  }

  explorerRow(fileName: string): Locator {
    return this.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: fileName }).first()
  }

  /**
   * Ctrl+click on a link in the text editor in front, by the beginning of its text, until `answer` is there: an editor that is still being
   * drawn lets a click pass.
   */
  async followLink(text: string, answer: Locator): Promise<void> {
    const link = this.page.locator('.monaco-editor .detected-link').filter({ hasText: text }).first()
    await link.waitFor()
    await eventually(`an answer to the click on ${text}`, patience, async () => {
      await this.#controlClick(link)
      return (await appears(answer, 5000)) || undefined
    })
  }

  /** Clicks at the place, not on the element: the text editor draws a line anew as soon as the mouse is on a link in it. */
  async #controlClick(target: Locator): Promise<void> {
    const box = await target.boundingBox()
    if (!box) return
    await this.page.keyboard.down('ControlOrMeta')
    await this.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
    await this.page.keyboard.up('ControlOrMeta')
  }

  /** Reloads the window by its command: the browser's own way does not wait until the window has kept its state. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load')
    await this.runCommand('Developer: Reload Window')
    await loaded
    await this.page.locator('.monaco-workbench').waitFor()
  }

  /** Right-clicks and picks an entry, opening the menu again until the extension's entries are in it. */
  async contextMenu(target: Locator, title: string): Promise<void> {
    await eventually(`“${title}” picked from the context menu`, patience, async () => {
      const menu = this.page.locator('.monaco-menu')
      const item = await this.openContextMenu(target, title)
      await item.click()
      // A menu takes no click in its first tenth of a second: one that is opened anew would not either.
      if (!(await disappears(menu, 500))) await item.click({ timeout: 1500 }).catch(() => undefined)
      if (await disappears(menu, 1500)) return true
      await this.page.keyboard.press('Escape')
      return undefined
    })
  }

  /** Leaves the menu open. */
  async openContextMenu(target: Locator, title: string): Promise<Locator> {
    return eventually(`“${title}” in the context menu`, patience, async () => {
      await target.click({ button: 'right' })
      const item = this.page.locator('.monaco-menu').getByRole('menuitem', { name: title, exact: true })
      if (await appears(item, 1500)) return item
      await this.page.keyboard.press('Escape')
      return undefined
    })
  }

  /** Runs a command by its full title, such as "Chordcast: Join Network". */
  async runCommand(title: string): Promise<void> {
    const row = await this.#openPalette(title)
    await row.click()
  }

  async #openPalette(title: string): Promise<Locator> {
    return eventually(`“${title}” in the command palette`, patience, async () => {
      await this.page.keyboard.press('F1')
      const input = this.page.locator('.quick-input-widget input.input')
      await input.fill(`>${title}`)
      const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first()
      if (await appears(row, 1500)) return row
      await this.page.keyboard.press('Escape')
      return undefined
    })
  }

  /** Waits for the input box whose title or prompt holds `about`, types and accepts. */
  async answerInputBox(about: string, text: string): Promise<void> {
    const widget = this.page.locator('.quick-input-widget').filter({ hasText: about })
    await widget.waitFor()
    await widget.locator('input.input').fill(text)
    await this.page.keyboard.press('Enter')
    await widget.waitFor({ state: 'hidden' })
  }

  inputBox(): Locator {
    return this.page.locator('.quick-input-widget')
  }

  quickPickRow(text: string): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first()
  }

  /** A notification that holds this text. */
  notification(text: string | RegExp): Locator {
    return this.page
      .locator('.notifications-toasts .notification-list-item')
      .filter({ hasText: text })
      .first()
  }

  modal(): Locator {
    return this.page.locator('.monaco-dialog-box')
  }

  async pressModalButton(name: string | RegExp): Promise<void> {
    await this.modal().getByRole('button', { name }).click()
    await this.modal().waitFor({ state: 'detached' })
  }

  /** Shows the side bar view whose icon has this name in the activity bar. */
  async openViewContainer(name: string): Promise<void> {
    const tab = this.page.locator('.activitybar').getByRole('tab', { name })
    if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click()
    await this.page
      .locator('.sidebar .composite.title')
      .filter({ hasText: new RegExp(name, 'i') })
      .waitFor()
  }

  /** A row of a tree view, by the view's title and a text in the row. */
  treeRow(view: string, text: string | RegExp): Locator {
    return this.pane(view).locator('.monaco-list-row').filter({ hasText: text }).first()
  }

  /** A section of the side bar, by its title. */
  pane(view: string): Locator {
    const header = this.page.locator('.pane-header').filter({ hasText: new RegExp(`^${view}`, 'i') })
    return this.page.locator('.split-view-view .pane').filter({ has: header })
  }

  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item').filter({ hasText: text }).first()
  }

  /** The document inside the webview that is in sight; of several, the one that was opened last. */
  webview(): FrameLocator {
    const shown = this.page.locator('iframe.webview.ready').filter({ visible: true })
    return shown.last().contentFrame().frameLocator('iframe#active-frame')
  }

  /** Polls: the extension writes to the clipboard through the window, a moment after the command. */
  async clipboard(expected: RegExp): Promise<string> {
    return eventually(`clipboard text like ${expected}`, patience, async () => {
      const text = await this.page.evaluate(() => navigator.clipboard.readText())
      return expected.test(text) ? text : undefined
    })
  }

  async clearClipboard(): Promise<void> {
    await this.page.evaluate(() => navigator.clipboard.writeText(''))
  }

  /** `label` as the list of themes has it; `kind` is the class that themes of its kind give the window. */
  async chooseTheme(label: string, kind: 'vs' | 'vs-dark' | 'hc-black' | 'hc-light'): Promise<void> {
    await this.runCommand('Preferences: Color Theme')
    await this.inputBox().locator('input.input').fill(label)
    await this.quickPickRow(label).waitFor()
    await this.page.keyboard.press('Enter')
    await this.page.locator(`.monaco-workbench.${kind}`).waitFor()
  }

  async dismissNotifications(): Promise<void> {
    await this.runCommand('Notifications: Clear All Notifications')
  }

  async screenshot(path: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    await this.page.screenshot({ path })
  }
}
