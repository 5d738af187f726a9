import { randomBytes } from 'node:crypto'
import * as vscode from 'vscode'
import type { Digest, VideoSnapshot } from '../../peer/api.ts'
import { systemClock } from '../../peer/clock.ts'
import { toPeerError } from '../../peer/errors.ts'
import { displayName } from '../../shared/format.ts'
import { commands } from '../ids.ts'
import type { PeerController } from '../peer-controller.ts'
import { isActive, isResumable } from '../video-state.ts'
import { awaitedText, isPlayerReady, reasonForNone } from './player-model.ts'
import { type MessagePage, messagePage, playerPage } from './player-page.ts'
import type { StreamAddress } from './stream-address.ts'
import type { StreamForwarding } from './stream-forwarding.ts'
import { StreamLocator } from './stream-locator.ts'

/** What the content of a player's page is made from. */
export interface PlayerContentInit {
  panel: vscode.WebviewPanel
  digest: Digest
  controller: PeerController
  forwarding: StreamForwarding
  /** Folder of scripts, styles and fonts. */
  resources: vscode.Uri
  /** The page is there, and so is the stream: to be told what it shows. */
  onReady(): void
  /** The page is there and has nothing to show yet: to be told why. */
  onAwaited(text: string): void
}

type Message = Omit<MessagePage, 'cspSource' | 'styleUri'>

/** Milliseconds before it is said what is awaited: mostly the player is there by then. */
const awaitedDelay = 400
/** Milliseconds after which a page of which nothing was heard is loaded again, once. */
const loadingDeadline = 15_000

const gone = 'This video is not in your library any more. Fetch it again by its ID.'

/**
 * Fills the page of a player: with the player, which is loaded while the video's key is still awaited, or with the reason why there is
 * none.
 */
export class PlayerContent {
  readonly #init: PlayerContentInit
  readonly #locator: StreamLocator
  #stream: StreamAddress | undefined
  /** Ends the opening of the player, and what it still waits for. */
  #opening: AbortController | undefined
  /** The origin that the player's page may play from; undefined while another page is shown. */
  #pageOrigin: string | undefined
  #isPageReady = false
  #message = ''
  /** Nothing was said yet of what is awaited. */
  #isSilent = true
  #cancelSilence: (() => void) | undefined
  #cancelLoading: (() => void) | undefined

  constructor(init: PlayerContentInit) {
    this.#init = init
    this.#locator = new StreamLocator(() => init.controller.open(), init.forwarding, init.digest)
  }

  /** Where the player's page finds the stream; undefined while it has none. */
  get stream(): StreamAddress | undefined {
    return this.#stream
  }

  /** Shows what is known now. A player that is shown stays, unless its video is removed. */
  refresh(): void {
    const { controller, digest } = this.#init
    // A peer that is being opened again knows no videos for a moment.
    if (controller.api === undefined) return
    const video = controller.model.video(digest)
    const reason = video === undefined ? gone : reasonForNone(video)
    if (reason === undefined) {
      this.#showPlayer()
      this.#tellAwaited()
    } else this.#showMessage({ message: reason, ...resumeAction(video) })
  }

  /** The stream's address again. The peer may serve from another window by now: a new origin needs a new policy, and so a new page. */
  async locateAgain(): Promise<StreamAddress> {
    const stream = await this.#locator.locate()
    this.#stream = stream
    this.#writePlayer(stream.origin)
    return stream
  }

  /** The page is there and asks for what it shows. */
  noteReady(): void {
    this.#cancelLoading?.()
    this.#isPageReady = true
    if (this.#stream !== undefined) this.#init.onReady()
    else this.#tellAwaited()
  }

  dispose(): void {
    this.#opening?.abort()
    this.#cancelLoading?.()
    this.#cancelSilence?.()
  }

  /** In place of the player. */
  showError(error: unknown): void {
    const { code, message } = toPeerError(error)
    const video = this.#init.controller.model.video(this.#init.digest)
    const join = { label: 'Join Network', command: commands.joinNetwork }
    this.#showMessage({ message, ...resumeAction(video), ...(code === 'NOT_JOINED' && { action: join }) })
  }

  #showPlayer(): void {
    if (this.#opening !== undefined) return
    const opening = new AbortController()
    this.#opening = opening
    this.#open(opening.signal).catch((error: unknown) => {
      if (this.#opening !== opening) return
      this.#opening = undefined
      if (this.#isKeyAwaited(error)) this.#showPlayer()
      else if (!this.#isJoining(error)) this.showError(error)
    })
  }

  /** The page is loaded while the stream is still being located; in place of a reason for none, only what will play. */
  async #open(signal: AbortSignal): Promise<void> {
    const { panel, controller, digest } = this.#init
    const video = controller.model.video(digest)
    if (video !== undefined) panel.title = displayName(video.name)
    this.#sayLater()
    if (this.#message === '') {
      const origin = await this.#locator.expect()
      signal.throwIfAborted()
      this.#writePlayer(origin)
    }
    const stream = await this.#locator.locate()
    signal.throwIfAborted()
    this.#stream = stream
    this.#writePlayer(stream.origin)
    if (this.#isPageReady) this.#init.onReady()
  }

  /** An owner who is asked may take longer than anybody waits for a URL. */
  #isKeyAwaited(error: unknown): boolean {
    const video = this.#init.controller.model.video(this.#init.digest)
    const isAsked = video !== undefined && isActive(video) && !isPlayerReady(video)
    return isAsked && toPeerError(error).code === 'TIMEOUT'
  }

  /** A window that was reloaded may join in a moment, and then the rest of the video comes: nothing failed yet. */
  #isJoining(error: unknown): boolean {
    const isMissingNetwork = toPeerError(error).code === 'NOT_JOINED'
    return isMissingNetwork && (this.#isSilent || this.#init.controller.state === 'starting')
  }

  #sayLater(): void {
    if (!this.#isSilent || this.#cancelSilence !== undefined) return
    this.#cancelSilence = systemClock.after(awaitedDelay, () => {
      this.#isSilent = false
      this.refresh()
    })
  }

  #tellAwaited(): void {
    const { controller, digest, onAwaited } = this.#init
    const video = controller.model.video(digest)
    if (this.#isSilent || !this.#isPageReady || this.#stream !== undefined || video === undefined) return
    onAwaited(awaitedText(video, controller.state))
  }

  /** Loads the player's page, unless it is there. */
  #writePlayer(origin: string): void {
    if (this.#pageOrigin === origin) return
    this.#loadPlayer(origin)
    const { panel } = this.#init
    // A hidden page is loaded when it is shown.
    this.#cancelLoading = systemClock.after(loadingDeadline, () => {
      if (panel.visible && this.#pageOrigin === origin) this.#loadPlayer(origin)
    })
  }

  #loadPlayer(origin: string): void {
    const { panel, digest } = this.#init
    this.#cancelLoading?.()
    this.#message = ''
    this.#pageOrigin = origin
    this.#isPageReady = false
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
    this.#opening?.abort()
    this.#opening = undefined
    this.#stream = undefined
    this.#pageOrigin = undefined
    this.#isPageReady = false
    this.#cancelLoading?.()
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

function resumeAction(video: VideoSnapshot | undefined): Pick<Message, 'action'> {
  if (video === undefined || !isResumable(video)) return {}
  return { action: { label: 'Resume', command: commands.resume, argument: video.digest } }
}
