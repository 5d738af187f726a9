import * as vscode from 'vscode'
import { settingsSection } from '../ids.ts'
import type { Contribution, Services } from '../services.ts'
import { restartSettings } from './configuration.ts'

const restart = 'Restart Peer'

/** After a change of settings that a running peer cannot take on, offers to restart it. */
export class ConfigurationWatcher implements Contribution {
  readonly #services: Services
  #asking = false

  constructor(services: Services) {
    this.#services = services
  }

  register(context: vscode.ExtensionContext): void {
    const onChange = (event: vscode.ConfigurationChangeEvent): void => {
      const touched = restartSettings.some(name => event.affectsConfiguration(`${settingsSection}.${name}`))
      if (touched) this.#offerRestart().catch((error: unknown) => this.#services.errors.show(error))
    }
    context.subscriptions.push(vscode.workspace.onDidChangeConfiguration(onChange))
  }

  async #offerRestart(): Promise<void> {
    const { controller } = this.#services
    // In a window that shares another window's peer, that other window asks.
    if (controller.role !== 'owner' || this.#asking) return
    this.#asking = true
    try {
      if (await this.#wantsRestart()) await controller.restart()
    } finally {
      this.#asking = false
    }
  }

  async #wantsRestart(): Promise<boolean> {
    // A peer that is in no ring disturbs nobody by starting again.
    if (this.#services.controller.state !== 'joined') return true
    const question =
      'Chordcast uses the new settings after its peer has restarted. Transfers go on afterwards.'
    return (await vscode.window.showInformationMessage(question, restart)) === restart
  }
}
