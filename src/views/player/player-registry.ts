import * as vscode from 'vscode'
import type { Digest } from '../../peer/api.ts'
import { displayName } from '../../shared/format.ts'
import { commands, playerViewType } from '../ids.ts'
import type { PeerModel } from '../peer-model.ts'

/** A player in its panel. */
export interface OpenPlayer {
  reveal(): void
  pause(): void
  readonly active: boolean
  /** Where it stands; undefined while it is hidden. */
  readonly column: vscode.ViewColumn | undefined
}

/** Fills a panel with the player of a video. `onPlaying`: to be called whenever it begins to play. */
export type AttachPlayer = (panel: vscode.WebviewPanel, digest: Digest, onPlaying: () => void) => OpenPlayer

/** Commands that a page without a player may offer as links. */
const offeredCommands = [commands.shareVideo, commands.openLink, commands.resume, commands.joinNetwork]

/** Knows which player shows which video. */
export class PlayerRegistry {
  readonly #model: PeerModel
  readonly #resources: vscode.Uri
  readonly #attach: AttachPlayer
  readonly #players = new Set<{ digest: Digest; player: OpenPlayer }>()

  /** @param resources Folder of what a player loads: scripts, styles, fonts. */
  constructor(model: PeerModel, resources: vscode.Uri, attach: AttachPlayer) {
    this.#model = model
    this.#resources = resources
    this.#attach = attach
  }

  /** The video of the player in front, if one is. */
  get activeDigest(): Digest | undefined {
    return [...this.#players].find(({ player }) => player.active)?.digest
  }

  /**
   * Shows the player of a video: in the given column, else where a player is, else beside what is open. One that is open already
   * comes to the front. It may be opened before anything of the video has arrived.
   */
  open(digest: Digest, column = this.#columnOfPlayers() ?? columnBeside()): void {
    const existing = [...this.#players].find(open => open.digest === digest)
    if (existing !== undefined) {
      existing.player.reveal()
      return
    }
    const title = displayName(this.#model.video(digest)?.name ?? 'Chordcast')
    // Kept while hidden: a reload would lose the buffer and the position.
    const options = { ...this.webviewOptions, retainContextWhenHidden: true, enableFindWidget: false }
    const panel = vscode.window.createWebviewPanel(playerViewType, title, column, options)
    this.#keep(panel, digest)
  }

  /** Puts a player into a panel that the editor made: a restored one, or that of an editor for files. */
  adopt(panel: vscode.WebviewPanel, digest: Digest): void {
    panel.webview.options = this.webviewOptions
    this.#keep(panel, digest)
  }

  /** What pages of players may do and load. */
  get webviewOptions(): vscode.WebviewOptions {
    return { enableScripts: true, localResourceRoots: [this.#resources], enableCommandUris: offeredCommands }
  }

  /** One sound at a time. */
  #pauseOthers(playing: OpenPlayer): void {
    for (const { player } of this.#players) if (player !== playing) player.pause()
  }

  #columnOfPlayers(): vscode.ViewColumn | undefined {
    return [...this.#players].map(({ player }) => player.column).find(column => column !== undefined)
  }

  #keep(panel: vscode.WebviewPanel, digest: Digest): void {
    const player = this.#attach(panel, digest, () => this.#pauseOthers(player))
    const entry = { digest, player }
    this.#players.add(entry)
    panel.onDidDispose(() => this.#players.delete(entry))
  }
}

function columnBeside(): vscode.ViewColumn {
  const nothingOpen = vscode.window.tabGroups.activeTabGroup.tabs.length === 0
  return nothingOpen ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside
}
