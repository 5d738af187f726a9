import * as vscode from 'vscode'
import { toPeerError } from '../peer/errors.ts'
import type { Logger } from '../peer/log.ts'
import { type ErrorAction, errorAction } from './error-actions.ts'
import { settingsSection } from './ids.ts'
import { plainText } from './plain-text.ts'

/** Shows failures, each with the step that helps. The same failure is never shown twice at a time. */
export class ErrorNotifier {
  readonly #logger: Logger
  readonly #shown = new Set<string>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Logs and shows a failure; returns when the user has answered. A cancelled action is no failure. */
  async show(error: unknown, retry?: () => Promise<unknown>): Promise<void> {
    const failure = toPeerError(error)
    if (failure.code === 'ABORTED') return this.#logger.debug(failure.message)
    this.#logger.error(`${failure.code}: ${failure.message}`, failure.cause)
    if (this.#shown.has(failure.message)) return
    this.#shown.add(failure.message)
    const action = errorAction(failure.code, retry !== undefined)
    const choice = await vscode.window.showErrorMessage(plainText(failure.message), action.label)
    this.#shown.delete(failure.message)
    if (choice === action.label) await this.#perform(action, retry)
  }

  async #perform(action: ErrorAction, retry?: () => Promise<unknown>): Promise<void> {
    if (action.kind === 'retry') await retry?.()
    else if (action.kind === 'command') await vscode.commands.executeCommand(action.command)
    else
      await vscode.commands.executeCommand(
        'workbench.action.openSettings',
        `${settingsSection}.${action.setting}`
      )
  }
}
