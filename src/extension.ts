import * as vscode from 'vscode'
import { createLogger } from './peer/log.ts'
import { chooseSealStore } from './views/choose-seal-store.ts'
import { CommandRegistry } from './views/commands/command-registry.ts'
import { Configuration } from './views/configuration/configuration.ts'
import { ConfigurationWatcher } from './views/configuration/configuration-watcher.ts'
import { askConsent } from './views/consent.ts'
import { ErrorNotifier } from './views/error-notifier.ts'
import { FailureNotices } from './views/failure-notices.ts'
import { JoinOnStartup } from './views/join-on-startup.ts'
import { LibraryOpener } from './views/library-opener.ts'
import { DocumentLinks } from './views/links/document-links.ts'
import { LinkEditor } from './views/links/link-editor.ts'
import { LogBook } from './views/log-book.ts'
import { openEngine } from './views/open-engine.ts'
import { PeerController } from './views/peer-controller.ts'
import { FileEditor } from './views/player/file-editor.ts'
import { PlayerPanel } from './views/player/player-panel.ts'
import { PlayerPreferencesStore } from './views/player/player-preferences-store.ts'
import { PlayerRegistry } from './views/player/player-registry.ts'
import { PlayerSerializer } from './views/player/player-serializer.ts'
import { PositionStore } from './views/player/position-store.ts'
import { StreamForwarding } from './views/player/stream-forwarding.ts'
import type { Contribution, Services } from './views/services.ts'
import { SharedFileDecorations } from './views/shared-file-decorations.ts'
import { StateContext } from './views/state-context.ts'
import { StatusBar } from './views/status-bar/status-bar.ts'
import { ChunkTree } from './views/tree/chunk-tree.ts'
import { PeerTree } from './views/tree/peer-tree.ts'
import { VideoTree } from './views/tree/video-tree.ts'
import { LinkHandler } from './views/uri-handler.ts'
import { VideoSelection } from './views/video-selection.ts'

/** Milliseconds that closing may take: the editor waits five seconds at most. */
const closeTimeout = 3000

let controller: PeerController | undefined

/** Wires services and contributions. The engine is loaded when it is first used. */
export function activate(context: vscode.ExtensionContext): void {
  try {
    const channel = vscode.window.createOutputChannel('Chordcast', { log: true })
    context.subscriptions.push(channel)
    const services = createServices(context, channel)
    for (const contribution of createContributions(services, channel)) contribution.register(context)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    void vscode.window.showErrorMessage(
      `Chordcast could not start: ${reason} Reload the window to try again.`
    )
    throw error
  }
}

/** Says good-bye to the ring and releases the data folder. */
export async function deactivate(): Promise<void> {
  const timeout = new Promise<void>(resolve => setTimeout(resolve, closeTimeout).unref())
  await Promise.race([controller?.close(), timeout])
}

function createServices(context: vscode.ExtensionContext, channel: vscode.LogOutputChannel): Services {
  const logBook = new LogBook(channel)
  const logger = createLogger('editor', logBook.write)
  const configuration = new Configuration()
  const dataFolder = context.globalStorageUri.fsPath
  controller = new PeerController({
    open: () =>
      openEngine({
        dataFolder,
        sealStore: chooseSealStore(context.secrets, dataFolder),
        settings: configuration.peerSettings(),
        followSettings: use => configuration.followPeerSettings(use),
        log: logBook.write
      }),
    consent: () => askConsent(context.globalState),
    bootstrap: () => configuration.bootstrap(),
    logger
  })
  const selection = new VideoSelection()
  const forwarding = new StreamForwarding()
  return {
    context,
    logger,
    logBook,
    configuration,
    controller,
    errors: new ErrorNotifier(logger),
    library: new LibraryOpener(dataFolder, controller, logger),
    players: createPlayers(context, { controller, configuration, selection, forwarding, logger }),
    forwarding,
    selection
  }
}

function createPlayers(
  context: vscode.ExtensionContext,
  {
    configuration,
    ...shared
  }: Pick<Services, 'controller' | 'configuration' | 'selection' | 'forwarding' | 'logger'>
): PlayerRegistry {
  const resources = vscode.Uri.joinPath(context.extensionUri, 'dist', 'media')
  const preferences = new PlayerPreferencesStore(context.globalState, shared.logger)
  const positions = new PositionStore(context.globalState, shared.logger)
  const downloadFolder = (): string => configuration.peerSettings().downloadFolder
  return new PlayerRegistry(shared.controller.model, resources, (panel, digest, onPlaying) => {
    panel.iconPath = {
      light: vscode.Uri.joinPath(context.extensionUri, 'media', 'player-light.svg'),
      dark: vscode.Uri.joinPath(context.extensionUri, 'media', 'player-dark.svg')
    }
    return new PlayerPanel({
      panel,
      digest,
      ...shared,
      preferences,
      positions,
      resources,
      downloadFolder,
      onPlaying
    })
  })
}

function createContributions(services: Services, channel: vscode.LogOutputChannel): Contribution[] {
  return [
    new StateContext(services),
    new CommandRegistry(services, channel),
    new VideoTree(services),
    new PeerTree(services),
    new ChunkTree(services),
    new StatusBar(services),
    new PlayerSerializer(services),
    new FileEditor(services),
    new LinkHandler(services),
    new LinkEditor(services),
    new DocumentLinks(),
    new SharedFileDecorations(services),
    new FailureNotices(services),
    new ConfigurationWatcher(services),
    new JoinOnStartup(services)
  ]
}
