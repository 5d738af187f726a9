import * as vscode from 'vscode'
import type { Contribution, Services } from '../services.ts'
import { catalogueCommands } from './catalogue-commands.ts'
import type { Command } from './command.ts'
import { copyCommands } from './copy-commands.ts'
import { fetchCommands } from './fetch-command.ts'
import { linkCommands } from './link-commands.ts'
import { lookupCommands } from './lookup-command.ts'
import { networkCommands } from './network-commands.ts'
import { shareCommands } from './share-command.ts'
import { supportCommands } from './support-commands.ts'
import { verifyCommands } from './verify-command.ts'
import { videoCommands } from './video-commands.ts'

/** Registers all commands. What a command throws is shown, with Retry where that can help. */
export class CommandRegistry implements Contribution {
  readonly #services: Services
  readonly #channel: vscode.LogOutputChannel

  constructor(services: Services, channel: vscode.LogOutputChannel) {
    this.#services = services
    this.#channel = channel
  }

  register(context: vscode.ExtensionContext): void {
    const services = this.#services
    const commands = [
      ...networkCommands(services),
      ...shareCommands(services),
      ...fetchCommands(services),
      ...linkCommands(services),
      ...videoCommands(services),
      ...copyCommands(services),
      ...lookupCommands(services),
      ...catalogueCommands(services),
      ...verifyCommands(services),
      ...supportCommands(services, this.#channel)
    ]
    for (const command of commands) {
      const run = (...args: unknown[]): Promise<unknown> => this.#run(command, args)
      context.subscriptions.push(vscode.commands.registerCommand(command.id, run))
    }
  }

  async #run(command: Command, args: unknown[]): Promise<unknown> {
    try {
      return await command.run(...args)
    } catch (error) {
      const retry = (): Promise<unknown> => this.#run(command, args)
      this.#services.errors.show(error, retry).catch((cause: unknown) => {
        this.#services.logger.error('an error could not be shown', cause)
      })
      return undefined
    }
  }
}
