import * as vscode from 'vscode'
import { confirmReference, fetchReference } from './commands/fetch-command.ts'
import { loadParser } from './commands/read-reference.ts'
import type { Contribution, Services } from './services.ts'

/** Opens `vscode://chordcast.chordcast/fetch/<ID>?via=…`: asks first, dials afterwards. */
export class LinkHandler implements Contribution, vscode.UriHandler {
  readonly #services: Services

  constructor(services: Services) {
    this.#services = services
  }

  register(context: vscode.ExtensionContext): void {
    context.subscriptions.push(vscode.window.registerUriHandler(this))
  }

  async handleUri(uri: vscode.Uri): Promise<void> {
    try {
      await this.#fetch(uri)
    } catch (error) {
      await this.#services.errors.show(error)
    }
  }

  async #fetch(uri: vscode.Uri): Promise<void> {
    const parse = await loadParser()
    const link = parse(uri.toString(true))
    if (await confirmReference(link)) await fetchReference(this.#services, link)
  }
}
