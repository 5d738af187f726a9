import * as vscode from 'vscode'
import type { Digest, PeerApi, VideoSnapshot } from '../../peer/api.ts'
import { systemClock } from '../../peer/clock.ts'
import { PeerError, toPeerError } from '../../peer/errors.ts'
import type { Logger } from '../../peer/log.ts'
import type {
  FromPlayer,
  PlayerNotices,
  PlayerRequestName,
  PlayerState,
  PlayerVideo,
  ToPlayer
} from '../../shared/player-protocol.ts'
import { ChangeBatch } from '../change-batch.ts'
import { DisposableStore } from '../disposable.ts'
import { type CommandId, commands } from '../ids.ts'
import type { PeerController } from '../peer-controller.ts'
import type { VideoSelection } from '../video-selection.ts'
import { PlayerContent } from './player-content.ts'
import { readPlayerMessage } from './player-message.ts'
import { toPlayerChunks, toPlayerPeers, toPlayerVideo } from './player-model.ts'
import type { PlayerPreferencesStore } from './player-preferences-store.ts'
import type { OpenPlayer } from './player-registry.ts'
import type { PositionStore } from './position-store.ts'
import { saveCopy } from './save-copy.ts'
import type { StreamForwarding } from './stream-forwarding.ts'

/** Milliseconds between two updates of a player's chunk map. */
const updateInterval = 250

/** What a player's host side needs. */
export interface PlayerPanelInit {
  panel: vscode.WebviewPanel
  digest: Digest
  controller: PeerController
  forwarding: StreamForwarding
  preferences: PlayerPreferencesStore
  positions: PositionStore
  /** Where copies are saved unless the user says otherwise. */
  downloadFolder(): string
  selection: VideoSelection
  resources: vscode.Uri
  logger: Logger
  /** It began to play. */
  onPlaying(): void
}

/** The host side of one player: keeps its page up to date, and does what its buttons ask. */
export class PlayerPanel implements OpenPlayer {
  readonly #init: PlayerPanelInit
  readonly #owned = new DisposableStore()
  readonly #updates: ChangeBatch<'chunks'>
  readonly #content: PlayerContent

  constructor(init: PlayerPanelInit) {
    this.#init = init
    const { panel, controller } = init
    this.#content = new PlayerContent({
      ...init,
      onReady: () => this.#begin(),
      onAwaited: text => this.#post({ kind: 'update', name: 'awaited', value: { text } })
    })
    this.#updates = this.#owned.add(
      new ChangeBatch<'chunks'>(systemClock, updateInterval, () => this.#sendChunks())
    )
    this.#owned.add(panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)))
    this.#owned.add(panel.onDidChangeViewState(() => this.#show()))
    this.#owned.add(this.#content)
    panel.onDidDispose(() => this.#owned.dispose())
    this.#follow()
    this.#show()
    controller.open().then(
      () => this.#content.refresh(),
      (error: unknown) => this.#content.showError(error)
    )
  }

  get active(): boolean {
    return this.#init.panel.active
  }

  get column(): vscode.ViewColumn | undefined {
    return this.#init.panel.visible ? this.#init.panel.viewColumn : undefined
  }

  reveal(): void {
    this.#init.panel.reveal()
  }

  pause(): void {
    this.#send({ kind: 'update', name: 'pause', value: null })
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
        if (changed.digest === digest) this.#followVideo(changed)
      })
    )
    this.#owned.addUnsubscribe(events.on('videos', () => this.#content.refresh()))
    this.#owned.addUnsubscribe(events.on('peers', () => this.#sendPeers()))
    this.#owned.addUnsubscribe(
      controller.events.on('state', value => {
        this.#content.refresh()
        this.#send({ kind: 'update', name: 'network', value })
      })
    )
  }

  #receive(input: unknown): void {
    const message = readPlayerMessage(input)
    if (message === undefined) this.#init.logger.warn('a player sent a message that is not understood')
    else if (message.kind === 'request') void this.#answer(message.id, message.name)
    else this.#note(message)
  }

  #note(notice: Extract<FromPlayer, { kind: 'notice' }>): void {
    const { logger, preferences, positions, digest, onPlaying } = this.#init
    const handlers: { [Name in keyof PlayerNotices]: (value: PlayerNotices[Name]) => void } = {
      ready: () => this.#content.noteReady(),
      problem: ({ message }) => logger.warn(`player: ${message}`),
      preferences: value => preferences.save(value),
      position: ({ seconds }) => positions.save(digest, seconds),
      playing: onPlaying
    }
    ;(handlers[notice.name] as (value: unknown) => void)(notice.value)
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
      case 'source':
        return this.#content.locateAgain()
      case 'openInBrowser':
        return this.#openInBrowser()
      case 'saveAs':
        return this.#saveAs()
      case 'maximize':
        return this.#maximize()
      case 'join':
        return run(commands.joinNetwork)
      case 'pause':
        return run(commands.pause)
      case 'resume':
        return run(commands.resume)
      case 'saveVideo':
        return run(commands.saveVideo)
      case 'copyId':
        return run(commands.copyId)
      case 'copyLink':
        return run(commands.copyLink)
      case 'openFolder':
        return run(commands.openDownloads)
    }
  }

  #begin(): void {
    this.#state().then(
      value => this.#send({ kind: 'update', name: 'begin', value }),
      (error: unknown) => this.#content.showError(error)
    )
  }

  async #state(): Promise<PlayerState> {
    const { controller, digest, preferences, positions } = this.#init
    const { api, video } = await this.#present()
    const { stream } = this.#content
    if (stream === undefined) throw unknownVideo()
    const resumeAt = positions.load(digest)
    const [map, poster, captions] = await Promise.all([
      api.chunkMap(digest),
      api.poster(digest),
      api.captions(digest)
    ])
    return {
      video,
      chunks: toPlayerChunks(map),
      peers: toPlayerPeers(controller.model.peers, digest),
      url: stream.url,
      network: controller.state,
      preferences: preferences.load(),
      captions,
      ...(poster && { poster: `data:${poster.mimeType};base64,${poster.base64}` }),
      ...(resumeAt !== undefined && { resumeAt })
    }
  }

  async #present(): Promise<{ api: PeerApi; video: PlayerVideo; snapshot: VideoSnapshot }> {
    const { controller, digest } = this.#init
    const api = await controller.open()
    const snapshot = controller.model.video(digest)
    const video = snapshot && toPlayerVideo(snapshot)
    if (snapshot === undefined || video === undefined) throw unknownVideo()
    return { api, video, snapshot }
  }

  async #openInBrowser(): Promise<void> {
    const { url } = await this.#content.locateAgain()
    const position = this.#init.positions.load(this.#init.digest)
    // A media fragment: browsers begin there.
    const fragment = position === undefined ? '' : `#t=${position.toFixed(1)}`
    await vscode.env.openExternal(vscode.Uri.parse(url + fragment, true))
  }

  /** The page does not wait: the user may take as long as they like to choose a place. */
  async #saveAs(): Promise<void> {
    const { api, snapshot } = await this.#present()
    saveCopy(api, snapshot, this.#init.downloadFolder()).catch((error: unknown) => {
      this.#init.logger.warn('a copy could not be saved', error)
      void vscode.window.showErrorMessage(`The copy could not be saved: ${toPeerError(error).message}`)
    })
  }

  async #maximize(): Promise<void> {
    this.reveal()
    await vscode.commands.executeCommand('workbench.action.toggleZenMode')
  }

  #followVideo(snapshot: VideoSnapshot): void {
    const { panel } = this.#init
    this.#content.refresh()
    const value = toPlayerVideo(snapshot)
    if (value === undefined) return
    if (panel.title !== value.name) panel.title = value.name
    this.#send({ kind: 'update', name: 'video', value })
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
    if (this.#content.stream !== undefined) this.#post(message)
  }

  #post(message: ToPlayer): void {
    this.#init.panel.webview.postMessage(message).then(undefined, (error: unknown) => {
      this.#init.logger.debug(`a player was closed: ${String(error)}`)
    })
  }
}

function unknownVideo(): PeerError {
  return new PeerError('VIDEO_UNKNOWN', 'This video is not here any more.')
}
