import { randomBytes } from 'node:crypto'
import * as vscode from 'vscode'
import type { Digest, VideoSnapshot } from '../../peer/api.ts'
import { systemClock } from '../../peer/clock.ts'
import { toPeerError } from '../../peer/errors.ts'
import { displayName } from '../../shared/format.ts'
import { commands } from '../ids.ts'
import type { PeerController } from '../peer-controller.ts'
import { isActive, isResumable } from '../video-state.ts'
import { locateStream } from './locate-stream.ts'
import { beforeReady, isPlayerReady } from './player-model.ts'
import { type MessagePage, messagePage, playerPage } from './player-page.ts'
import type { StreamAddress } from './stream-address.ts'

/** What the content of a player's page is made from. */
export interface PlayerContentInit {
  panel: vscode.WebviewPanel
  digest: Digest
  controller: PeerController
  /** Folder of scripts, styles and fonts. */
  resources: vscode.Uri
}

type Message = Omit<MessagePage, 'cspSource' | 'styleUri'>

/** Milliseconds before it is said what is awaited: mostly the player is there by then, and each page costs its loading. */
const awaitedDelay = 400
/** Milliseconds after which a page of which nothing was heard is loaded again, once. */
const loadingDeadline = 15_000

const gone = 'This video is not in your library any more. Fetch it again by its ID.'

/** Fills the page of a player: with what is awaited, with the player itself, or with the reason why there is none. */
export class PlayerContent {
  readonly #init: PlayerContentInit
  #stream: StreamAddress | undefined
  #player: Promise<void> | undefined
  #message = ''
  /** Nothing was said of what is awaited. */
  #isSilent = true
  #cancelTimer: (() => void) | undefined

  constructor(init: PlayerContentInit) {
    this.#init = init
  }

  /** Where the player's page finds the stream; undefined while there is no player. */
  get stream(): StreamAddress | undefined {
    return this.#stream
  }

  /** Shows what is known now. A player that is shown stays, unless its video is removed. */
  refresh(): void {
    const { controller, digest } = this.#init
    // A peer that is being opened again knows no videos for a moment.
    if (controller.api === undefined) return
    const video = controller.model.video(digest)
    if (video === undefined) this.#showMessage({ message: gone })
    else if (isPlayerReady(video) && !this.#isBeforeJoining(video)) this.#showPlayer()
    else this.#showAwaited(video)
  }

  /**
   * The stream's address again. The peer may serve from another window by now: a new origin needs a new policy, and so a new page.
   */
  async locateAgain(): Promise<StreamAddress> {
    const { controller, digest } = this.#init
    const before = this.#stream
    const now = await locateStream(await controller.open(), digest)
    this.#stream = now
    if (now.origin !== before?.origin) this.#writePlayer(now)
    return now
  }

  /** The page is there and asks for what it shows. */
  noteReady(): void {
    this.#after(undefined)
  }

  dispose(): void {
    this.#after(undefined)
  }

  /** In place of the player. */
  showError(error: unknown): void {
    const { code, message } = toPeerError(error)
    const action = { label: 'Join Network', command: commands.joinNetwork }
    this.#showMessage({ message, ...(code === 'NOT_JOINED' && { action }) })
  }

  /**
   * A window that was reloaded may join in a moment, and then the rest of the video comes. A failure told before would be a page of its own,
   * and one that is replaced while it loads can keep the player's from ever being shown.
   */
  #isBeforeJoining(video: VideoSnapshot): boolean {
    if (this.#player !== undefined || !this.#isSilent) return false
    return this.#init.controller.state !== 'joined' && isActive(video)
  }

  #showAwaited(video: VideoSnapshot): void {
    const { text, busy } = beforeReady(video)
    if (busy && this.#isSilent) {
      this.#sayLater()
      return
    }
    const action = { label: 'Resume', command: commands.resume, argument: video.digest }
    this.#showMessage({ message: text, busy, ...(isResumable(video) && { action }) })
  }

  /** Says what is awaited by then. */
  #sayLater(): void {
    if (this.#cancelTimer !== undefined) return
    const run = (): void => {
      this.#cancelTimer = undefined
      this.#isSilent = false
      this.refresh()
    }
    this.#after({ milliseconds: awaitedDelay, run })
  }

  /** One timer at most: of what is to be shown, or of the page that is being loaded. */
  #after(next: { milliseconds: number; run(): void } | undefined): void {
    this.#cancelTimer?.()
    this.#cancelTimer = next && systemClock.after(next.milliseconds, next.run)
  }

  #showPlayer(): void {
    if (this.#player === undefined) this.#after(undefined)
    this.#player ??= this.#openPlayer().catch((error: unknown) => {
      this.#player = undefined
      this.showError(error)
    })
  }

  async #openPlayer(): Promise<void> {
    const { panel, controller, digest } = this.#init
    const video = controller.model.video(digest)
    if (video !== undefined) panel.title = displayName(video.name)
    this.#stream = await locateStream(await controller.open(), digest)
    this.#writePlayer(this.#stream)
    const stream = this.#stream
    // A hidden page is loaded when it is shown.
    this.#after({
      milliseconds: loadingDeadline,
      run: () => {
        if (panel.visible && this.#stream === stream) this.#writePlayer(stream)
      }
    })
  }

  #writePlayer({ origin }: StreamAddress): void {
    const { panel, digest } = this.#init
    this.#message = ''
    panel.webview.html = playerPage({
      digest,
      nonce: randomBytes(16).toString('hex'),
      cspSource: panel.webview.cspSource,
      streamOrigin: origin,
      scriptUri: this.#uri('player.js'),
      styleUri: this.#uri('player.css'),
      codiconsUri: this.#uri('codicon.css')
    })
  }

  #showMessage(page: Message): void {
    const { webview } = this.#init.panel
    this.#player = undefined
    this.#stream = undefined
    // Written only when it differs: each writing loads the page anew.
    if (page.message === this.#message) return
    this.#message = page.message
    webview.html = messagePage({ ...page, cspSource: webview.cspSource, styleUri: this.#uri('player.css') })
  }

  #uri(name: string): string {
    const { panel, resources } = this.#init
    return panel.webview.asWebviewUri(vscode.Uri.joinPath(resources, name)).toString()
  }
}
