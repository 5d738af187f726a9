import * as vscode from 'vscode'
import { DisposableStore } from './disposable.ts'
import { settings, settingsSection } from './ids.ts'
import type { Contribution, Services } from './services.ts'

/** Marks shared files in the explorer, so that one sees what is offered to others. */
export class SharedFileDecorations implements Contribution, vscode.FileDecorationProvider {
  readonly onDidChangeFileDecorations: vscode.Event<vscode.Uri[]>
  readonly #services: Services
  readonly #changed = new vscode.EventEmitter<vscode.Uri[]>()
  /** Path of a shared file to whether it still is as it was. */
  #shared = new Map<string, boolean>()

  constructor(services: Services) {
    this.#services = services
    this.onDidChangeFileDecorations = this.#changed.event
  }

  register(context: vscode.ExtensionContext): void {
    const { events } = this.#services.controller.model
    const owned = new DisposableStore()
    owned.add(this.#changed)
    owned.add(vscode.window.registerFileDecorationProvider(this))
    owned.addUnsubscribe(events.on('videos', () => this.#update()))
    owned.addUnsubscribe(events.on('video', () => this.#update()))
    owned.add(
      vscode.workspace.onDidChangeConfiguration(event => {
        if (event.affectsConfiguration(`${settingsSection}.${settings.decorateFiles}`)) this.#update()
      })
    )
    context.subscriptions.push(owned)
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    const isTrue = uri.scheme === 'file' ? this.#shared.get(uri.fsPath) : undefined
    if (isTrue === undefined) return undefined
    if (isTrue) return new vscode.FileDecoration('⇅', 'Shared with Chordcast')
    const color = new vscode.ThemeColor('list.warningForeground')
    return new vscode.FileDecoration('⇅', 'Changed after it was shared with Chordcast', color)
  }

  #update(): void {
    const before = this.#shared
    this.#shared = this.#services.configuration.get('decorateFiles') ? this.#sharedFiles() : new Map()
    const paths = [...new Set([...before.keys(), ...this.#shared.keys()])]
    const changed = paths.filter(path => before.get(path) !== this.#shared.get(path))
    if (changed.length > 0) this.#changed.fire(changed.map(path => vscode.Uri.file(path)))
  }

  #sharedFiles(): Map<string, boolean> {
    const videos = this.#services.controller.model.videos.filter(({ origin }) => origin === 'shared')
    return new Map(
      videos.flatMap(({ path, state }) => (path === undefined ? [] : [[path, state !== 'stale']]))
    )
  }
}
