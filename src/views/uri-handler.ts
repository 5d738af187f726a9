import * as vscode from 'vscode'
import { PeerError } from '../peer/errors.ts'
import { parseVideoReference } from '../shared/video-reference.ts'
import { confirmReference, fetchReference } from './commands/fetch-command.ts'
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
    const parsed = parseVideoReference(uri.toString(true))
    if ('problem' in parsed) throw new PeerError('LINK_INVALID', `The link cannot be used. ${parsed.problem}`)
    if (await confirmReference(parsed.reference)) await fetchReference(this.#services, parsed.reference)
  }
}
