import * as vscode from 'vscode'
import { playerViewType } from '../ids.ts'
import type { Contribution, Services } from '../services.ts'
import { readSavedDigest } from './player-message.ts'

/** Brings players back after the window was reloaded; their pages remember the position. */
export class PlayerSerializer implements Contribution, vscode.WebviewPanelSerializer {
  readonly #services: Services

  constructor(services: Services) {
    this.#services = services
  }

  register(context: vscode.ExtensionContext): void {
    context.subscriptions.push(vscode.window.registerWebviewPanelSerializer(playerViewType, this))
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const digest = readSavedDigest(state)
    if (digest === undefined) return panel.dispose()
    this.#services.players.adopt(panel, digest)
  }
}
