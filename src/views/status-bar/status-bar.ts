import * as vscode from 'vscode'
import { systemClock } from '../../peer/clock.ts'
import { ChangeBatch } from '../change-batch.ts'
import { hasConsented } from '../consent.ts'
import { DisposableStore } from '../disposable.ts'
import { type CommandId, commands, views } from '../ids.ts'
import type { PeerController } from '../peer-controller.ts'
import { renderTooltip } from '../render-tooltip.ts'
import type { Contribution, Services } from '../services.ts'
import { statusText } from './status-text.ts'

/** Milliseconds between two changes of the text. */
const updateInterval = 500

/** The one status bar item. It leads to the Videos view; its tooltip to everything else. */
export class StatusBar implements Contribution {
  readonly #controller: PeerController

  constructor({ controller }: Services) {
    this.#controller = controller
  }

  register(context: vscode.ExtensionContext): void {
    const owned = new DisposableStore()
    const item = owned.add(
      vscode.window.createStatusBarItem('chordcast.status', vscode.StatusBarAlignment.Left)
    )
    item.name = 'Chordcast'
    item.command = { command: `${views.videos}.focus`, title: 'Show Videos' }
    const changes = owned.add(new ChangeBatch<'status'>(systemClock, updateInterval, () => this.#draw(item)))
    owned.addUnsubscribe(this.#controller.events.on('state', () => changes.add('status')))
    owned.addUnsubscribe(this.#controller.model.events.on('status', () => changes.add('status')))
    this.#draw(item)
    // Who has never used the extension is not bothered by an item.
    if (hasConsented(context.globalState)) item.show()
    context.subscriptions.push(owned)
  }

  #draw(item: vscode.StatusBarItem): void {
    const { state, failure, role, model } = this.#controller
    const { text, accessibilityLabel, isWarning, tooltip } = statusText({
      state,
      failure,
      role,
      status: model.status
    })
    item.text = text
    item.accessibilityInformation = { label: accessibilityLabel }
    item.tooltip = renderTooltip(tooltip, this.#links())
    if (state !== 'stopped') item.show()
    item.backgroundColor = isWarning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined
  }

  #links(): [string, CommandId][] {
    const { state } = this.#controller
    const isIn = state === 'joined' || state === 'starting'
    return [
      isIn ? ['Leave Network', commands.leaveNetwork] : ['Join Network', commands.joinNetwork],
      ['Fetch Video…', commands.fetchVideo],
      ['Settings', commands.openSettings],
      ['Show Log', commands.showLog]
    ]
  }
}
