import { randomBytes } from 'node:crypto'
import * as vscode from 'vscode'
import type { Digest } from '../../peer/api.ts'
import { systemClock } from '../../peer/clock.ts'
import { PeerError, toPeerError } from '../../peer/errors.ts'
import type { Logger } from '../../peer/log.ts'
import type { PlayerRequestName, PlayerState, ToPlayer } from '../../shared/player-protocol.ts'
import { ChangeBatch } from '../change-batch.ts'
import { DisposableStore } from '../disposable.ts'
import { type CommandId, commands } from '../ids.ts'
import type { PeerController } from '../peer-controller.ts'
import type { VideoSelection } from '../video-selection.ts'
import { locateStream } from './locate-stream.ts'
import { readPlayerMessage } from './player-message.ts'
import { toPlayerChunks, toPlayerPeers, toPlayerVideo } from './player-model.ts'
import { messagePage, playerPage } from './player-page.ts'
import type { PlayerPreferencesStore } from './player-preferences-store.ts'
import type { OpenPlayer } from './player-registry.ts'
import type { StreamAddress } from './stream-address.ts'

/** Milliseconds between two updates of a player's chunk map. */
const updateInterval = 250

/** What a player's host side needs. */
export interface PlayerPanelInit {
  panel: vscode.WebviewPanel
  digest: Digest
  controller: PeerController
  preferences: PlayerPreferencesStore
  selection: VideoSelection
  resources: vscode.Uri
  logger: Logger
}

/** The host side of one player: gives the page its stream, keeps it up to date, does what its buttons ask. */
export class PlayerPanel implements OpenPlayer {
  readonly #init: PlayerPanelInit
  readonly #owned = new DisposableStore()
  readonly #updates: ChangeBatch<'chunks'>
  #stream: StreamAddress | undefined

  constructor(init: PlayerPanelInit) {
    this.#init = init
    const { panel } = init
    this.#updates = this.#owned.add(
      new ChangeBatch<'chunks'>(systemClock, updateInterval, () => this.#sendChunks())
    )
    this.#owned.add(panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)))
    this.#owned.add(panel.onDidChangeViewState(() => this.#show()))
    panel.onDidDispose(() => this.#owned.dispose())
    this.#follow()
    this.#show()
    this.#showPage().catch((error: unknown) => this.#showMessage(toPeerError(error).message))
  }

  get active(): boolean {
    return this.#init.panel.active
  }

  reveal(): void {
    this.#init.panel.reveal()
  }

  /** It came to the front or went: the Chunks view follows, and the map is read again. */
  #show(): void {
    const { panel, selection, digest } = this.#init
    if (panel.active) selection.select(digest)
    this.#updates.add('chunks')
  }

  #follow(): void {
    const { controller, digest } = this.#init
    const { events } = controller.model
    this.#owned.addUnsubscribe(
      events.on('video', changed => {
        if (changed.digest === digest) this.#sendVideo()
      })
    )
    this.#owned.addUnsubscribe(events.on('peers', () => this.#sendPeers()))
    this.#owned.addUnsubscribe(
      controller.events.on('state', value => this.#send({ kind: 'update', name: 'network', value }))
    )
  }

  async #showPage(): Promise<void> {
    const { panel, controller, digest, resources } = this.#init
    const api = await controller.open()
    const video = controller.model.video(digest)
    if (video === undefined)
      return this.#showMessage('This video is not in your library any more. Fetch it again by its ID.')
    panel.title = toPlayerVideo(video)?.name ?? panel.title
    this.#stream = await locateStream(api, digest)
    const uri = (name: string): string =>
      panel.webview.asWebviewUri(vscode.Uri.joinPath(resources, name)).toString()
    panel.webview.html = playerPage({
      digest,
      nonce: randomBytes(16).toString('hex'),
      cspSource: panel.webview.cspSource,
      streamOrigin: this.#stream.origin,
      scriptUri: uri('player.js'),
      styleUri: uri('player.css'),
      codiconsUri: uri('codicon.css')
    })
  }

  #showMessage(message: string): void {
    const { webview } = this.#init.panel
    const style = webview.asWebviewUri(vscode.Uri.joinPath(this.#init.resources, 'player.css')).toString()
    webview.html = messagePage(message, webview.cspSource, style)
  }

  #receive(input: unknown): void {
    const { logger, preferences } = this.#init
    const message = readPlayerMessage(input)
    if (message === undefined) logger.warn('a player sent a message that is not understood')
    else if (message.kind === 'request') void this.#answer(message.id, message.name)
    else if (message.name === 'problem') logger.warn(`player: ${message.value.message}`)
    else preferences.save(message.value)
  }

  async #answer(id: number, name: PlayerRequestName): Promise<void> {
    try {
      this.#send({ kind: 'reply', id, value: (await this.#perform(name)) ?? null })
    } catch (error) {
      this.#send({ kind: 'error', id, message: toPeerError(error).message })
    }
  }

  #perform(name: PlayerRequestName): Promise<unknown> {
    // Commands show their own failures, and may ask the user: the page does not wait for them.
    const run = async (command: CommandId): Promise<void> => {
      void vscode.commands.executeCommand(command, this.#init.digest)
    }
    switch (name) {
      case 'ready':
        return this.#state()
      case 'source':
        return this.#source()
      case 'openInBrowser':
        return this.#openInBrowser()
      case 'join':
        return run(commands.joinNetwork)
      case 'pause':
        return run(commands.pause)
      case 'resume':
        return run(commands.resume)
      case 'copyId':
        return run(commands.copyId)
      case 'copyLink':
        return run(commands.copyLink)
      case 'openFolder':
        return run(commands.openDownloads)
    }
  }

  async #state(): Promise<PlayerState> {
    const { controller, digest, preferences } = this.#init
    const api = await controller.open()
    const chunks = toPlayerChunks(await api.chunkMap(digest))
    const snapshot = controller.model.video(digest)
    const video = snapshot === undefined ? undefined : toPlayerVideo(snapshot)
    if (video === undefined || this.#stream === undefined)
      throw new PeerError('VIDEO_UNKNOWN', 'This video is not here any more.')
    const peers = toPlayerPeers(controller.model.peers, digest)
    return {
      video,
      chunks,
      peers,
      url: this.#stream.url,
      network: controller.state,
      preferences: preferences.load()
    }
  }

  /** The peer may serve from another window by now: a new origin needs a new policy, and so a new page. */
  async #source(): Promise<{ url: string }> {
    const before = this.#stream
    const now = await locateStream(await this.#init.controller.open(), this.#init.digest)
    this.#stream = now
    if (now.origin !== before?.origin) await this.#showPage()
    return { url: now.url }
  }

  async #openInBrowser(): Promise<void> {
    const { url } = await locateStream(await this.#init.controller.open(), this.#init.digest)
    await vscode.env.openExternal(vscode.Uri.parse(url, true))
  }

  #sendVideo(): void {
    const { controller, digest, panel } = this.#init
    const snapshot = controller.model.video(digest)
    const video = snapshot === undefined ? undefined : toPlayerVideo(snapshot)
    if (video === undefined) return
    if (panel.title !== video.name) panel.title = video.name
    this.#send({ kind: 'update', name: 'video', value: video })
    this.#updates.add('chunks')
  }

  #sendPeers(): void {
    const { controller, digest } = this.#init
    this.#send({ kind: 'update', name: 'peers', value: toPlayerPeers(controller.model.peers, digest) })
  }

  #sendChunks(): void {
    const { controller, digest, panel, logger } = this.#init
    const { api } = controller
    if (!panel.visible || api === undefined) return
    api.chunkMap(digest).then(
      map => this.#send({ kind: 'update', name: 'chunks', value: toPlayerChunks(map) }),
      (error: unknown) => logger.debug(`the chunk map could not be read: ${toPeerError(error).message}`)
    )
  }

  #send(message: ToPlayer): void {
    this.#init.panel.webview.postMessage(message).then(undefined, (error: unknown) => {
      this.#init.logger.debug(`a player was closed: ${String(error)}`)
    })
  }
}
