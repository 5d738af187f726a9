import * as vscode from 'vscode'
import type { NetworkState } from '../shared/player-protocol.ts'
import { contextKeys } from './ids.ts'
import { ManagedContextKey } from './managed-context-key.ts'
import type { Contribution, Services } from './services.ts'

/** Tells the editor the state of the peer, for welcome texts and menus. */
export class StateContext implements Contribution {
  readonly #services: Services

  constructor(services: Services) {
    this.#services = services
  }

  register(context: vscode.ExtensionContext): void {
    const { controller } = this.#services
    const key = new ManagedContextKey<NetworkState>(contextKeys.state, (name, value) => {
      void vscode.commands.executeCommand('setContext', name, value)
    })
    key.set(controller.state)
    context.subscriptions.push({ dispose: controller.events.on('state', state => key.set(state)) })
  }
}
