import * as vscode from 'vscode'
import type { Digest } from '../../peer/api.ts'
import { displayName } from '../../shared/format.ts'
import { abortOnCancel } from '../abort-on-cancel.ts'
import { playerViewType } from '../ids.ts'
import type { PeerModel } from '../peer-model.ts'
import { awaitPlayable } from './await-playable.ts'

/** A player in its panel. */
export interface OpenPlayer {
  reveal(): void
  readonly active: boolean
}

/** Fills a panel with the player of a video. */
export type AttachPlayer = (panel: vscode.WebviewPanel, digest: Digest) => OpenPlayer

/** Knows which player shows which video: one panel a video. */
export class PlayerRegistry {
  readonly #model: PeerModel
  readonly #resources: vscode.Uri
  readonly #attach: AttachPlayer
  readonly #players = new Map<Digest, OpenPlayer>()

  /** @param resources Folder of what a player loads: scripts, styles, fonts. */
  constructor(model: PeerModel, resources: vscode.Uri, attach: AttachPlayer) {
    this.#model = model
    this.#resources = resources
    this.#attach = attach
  }

  /** The video of the player in front, if one is. */
  get activeDigest(): Digest | undefined {
    return [...this.#players].find(([, player]) => player.active)?.[0]
  }

  /** Opens a player as soon as the video's type is known, in the given column or beside what is open. */
  async openWhenPlayable(digest: Digest, column?: vscode.ViewColumn): Promise<void> {
    const options = {
      location: vscode.ProgressLocation.Window,
      title: 'Opening the player',
      cancellable: true
    }
    await vscode.window.withProgress(options, (_progress, token) =>
      awaitPlayable(this.#model, digest, abortOnCancel(token))
    )
    this.#open(digest, column ?? columnBeside())
  }

  /** Puts a player into a panel that the editor has restored. */
  adopt(panel: vscode.WebviewPanel, digest: Digest): void {
    panel.webview.options = this.#webviewOptions()
    this.#keep(panel, digest)
  }

  #open(digest: Digest, column: vscode.ViewColumn): void {
    const existing = this.#players.get(digest)
    if (existing !== undefined) {
      existing.reveal()
      return
    }
    const title = displayName(this.#model.video(digest)?.name ?? 'Chordcast')
    // Kept while hidden: a reload would lose the buffer and the position.
    const options = { ...this.#webviewOptions(), retainContextWhenHidden: true, enableFindWidget: false }
    const panel = vscode.window.createWebviewPanel(playerViewType, title, column, options)
    this.#keep(panel, digest)
  }

  #keep(panel: vscode.WebviewPanel, digest: Digest): void {
    this.#players.set(digest, this.#attach(panel, digest))
    panel.onDidDispose(() => this.#players.delete(digest))
  }

  #webviewOptions(): vscode.WebviewOptions {
    return { enableScripts: true, localResourceRoots: [this.#resources] }
  }
}

function columnBeside(): vscode.ViewColumn {
  const nothingOpen = vscode.window.tabGroups.activeTabGroup.tabs.length === 0
  return nothingOpen ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside
}
