import { basename } from 'node:path'
import * as vscode from 'vscode'
import { displayName } from '../../shared/format.ts'
import { DisposableStore } from '../disposable.ts'
import { commands, fileEditorType } from '../ids.ts'
import type { Contribution, Services } from '../services.ts'
import { videoOfFile } from './player-model.ts'
import { messagePage } from './player-page.ts'

/** Shows a file of the disk in the player, if it is shared or was fetched; else it offers to share it. */
export class FileEditor implements Contribution, vscode.CustomReadonlyEditorProvider {
  readonly #services: Services

  constructor(services: Services) {
    this.#services = services
  }

  register(context: vscode.ExtensionContext): void {
    // Kept while hidden: a reload would lose the buffer and the position.
    const options = {
      webviewOptions: { retainContextWhenHidden: true },
      supportsMultipleEditorsPerDocument: true
    }
    context.subscriptions.push(vscode.window.registerCustomEditorProvider(fileEditorType, this, options))
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined }
  }

  async resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): Promise<void> {
    const { controller } = this.#services
    await controller.open()
    if (this.#adopt(uri, panel)) return
    this.#offerSharing(uri, panel)
    const owned = new DisposableStore()
    const { events } = controller.model
    const check = (): void => {
      if (this.#adopt(uri, panel)) owned.dispose()
    }
    owned.addUnsubscribe(events.on('video', check))
    owned.addUnsubscribe(events.on('videos', check))
    panel.onDidDispose(() => owned.dispose())
  }

  /** Puts the player into the panel as soon as the file belongs to a video; says whether it did. */
  #adopt(uri: vscode.Uri, panel: vscode.WebviewPanel): boolean {
    const video = videoOfFile(this.#services.controller.model.videos, uri.fsPath)
    if (video === undefined) return false
    this.#services.players.adopt(panel, video.digest)
    return true
  }

  #offerSharing(uri: vscode.Uri, { webview }: vscode.WebviewPanel): void {
    const { players, context } = this.#services
    const style = vscode.Uri.joinPath(context.extensionUri, 'dist', 'media', 'player.css')
    webview.options = players.webviewOptions
    webview.html = messagePage({
      message: `${displayName(basename(uri.fsPath))} is not shared. Once it is, this shows who holds it.`,
      action: { label: 'Share Video', command: commands.shareVideo, argument: uri.toString() },
      cspSource: webview.cspSource,
      styleUri: webview.asWebviewUri(style).toString()
    })
  }
}
