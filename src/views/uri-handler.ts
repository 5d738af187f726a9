import * as vscode from 'vscode'
import { openLink } from './links/open-link.ts'
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
      await openLink(this.#services, uri.toString(true))
    } catch (error) {
      await this.#services.errors.show(error)
    }
  }
}
