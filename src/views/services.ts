import type * as vscode from 'vscode'
import type { Logger } from '../peer/log.ts'
import type { Configuration } from './configuration/configuration.ts'
import type { ErrorNotifier } from './error-notifier.ts'
import type { LibraryOpener } from './library-opener.ts'
import type { LogBook } from './log-book.ts'
import type { PeerController } from './peer-controller.ts'
import type { PlayerRegistry } from './player/player-registry.ts'
import type { StreamForwarding } from './player/stream-forwarding.ts'
import type { VideoSelection } from './video-selection.ts'

/** What the contributions share. Made by hand in `activate`, in the order of dependence. */
export interface Services {
  context: vscode.ExtensionContext
  logger: Logger
  logBook: LogBook
  configuration: Configuration
  controller: PeerController
  errors: ErrorNotifier
  library: LibraryOpener
  players: PlayerRegistry
  forwarding: StreamForwarding
  selection: VideoSelection
}

/** One part of the user interface. What it registers belongs to the context's subscriptions. */
export interface Contribution {
  register(context: vscode.ExtensionContext): void
}
