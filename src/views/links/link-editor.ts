import * as vscode from 'vscode'
import { PeerError, toPeerError } from '../../peer/errors.ts'
import { commands, linkEditorType } from '../ids.ts'
import { messagePage } from '../player/player-page.ts'
import type { Contribution, Services } from '../services.ts'
import { openLink } from './open-link.ts'

/**
 * Opens documents of the scheme `chordcast:`, which is what a link becomes when something else than our own link provider opens it.
 * Its tab gives way to the player's, which bears the video's name.
 */
export class LinkEditor implements Contribution, vscode.CustomReadonlyEditorProvider {
  readonly #services: Services

  constructor(services: Services) {
    this.#services = services
  }

  register(context: vscode.ExtensionContext): void {
    context.subscriptions.push(vscode.window.registerCustomEditorProvider(linkEditorType, this))
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined }
  }

  async resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): Promise<void> {
    const { errors, players } = this.#services
    panel.webview.options = players.webviewOptions
    const link = linkOf(uri)
    this.#show(panel, { message: 'Opening the video…', busy: true })
    try {
      if (await openLink(this.#services, link)) return panel.dispose()
      const action = { label: 'Fetch Video', command: commands.openLink, argument: link }
      this.#show(panel, { message: 'Nothing was fetched, and nobody was asked for it.', action })
    } catch (error) {
      this.#show(panel, { message: toPeerError(error).message })
      await errors.show(error)
    }
  }

  #show(
    { webview }: vscode.WebviewPanel,
    page: Pick<Parameters<typeof messagePage>[0], 'message' | 'busy' | 'action'>
  ): void {
    const style = vscode.Uri.joinPath(this.#services.context.extensionUri, 'dist', 'media', 'player.css')
    webview.html = messagePage({
      ...page,
      cspSource: webview.cspSource,
      styleUri: webview.asWebviewUri(style).toString()
    })
  }
}

/** A file that only has the name of an ID is none of ours. */
function linkOf(uri: vscode.Uri): string {
  if (uri.scheme !== 'chordcast') throw new PeerError('LINK_INVALID', 'This is not a link to a video.')
  const query = uri.query === '' ? '' : `?${uri.query}`
  return `chordcast:${(uri.authority || uri.path).replaceAll('/', '')}${query}`
}
