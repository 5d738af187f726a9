import { mkdir } from 'node:fs/promises'
import * as vscode from 'vscode'
import { diagnosticsReport } from '../diagnostics.ts'
import { commands, settingsSection } from '../ids.ts'
import type { Services } from '../services.ts'
import type { Command } from './command.ts'
import { videosFromArguments } from './command-targets.ts'

/** Folder, settings, log and diagnostics. */
export function supportCommands(services: Services, channel: vscode.LogOutputChannel): Command[] {
  return [
    { id: commands.openDownloads, run: (...args) => openDownloads(services, args) },
    { id: commands.openSettings, run: openSettings },
    { id: commands.showLog, run: async () => channel.show(true) },
    { id: commands.copyDiagnostics, run: () => copyDiagnostics(services) }
  ]
}

async function openDownloads({ configuration, controller }: Services, args: unknown[]): Promise<void> {
  const path = videosFromArguments(controller.model, args)[0]?.path
  if (path !== undefined) return await reveal(vscode.Uri.file(path))
  const folder = configuration.peerSettings().downloadFolder
  await mkdir(folder, { recursive: true })
  await reveal(vscode.Uri.file(folder))
}

/** Shows a file or folder: in the system's file manager, or where there is none (remote) in the editor's dialog. */
async function reveal(uri: vscode.Uri): Promise<void> {
  const hasFileManager = vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop
  if (hasFileManager) return await vscode.commands.executeCommand('revealFileInOS', uri)
  const stat = await vscode.workspace.fs.stat(uri)
  const isFolder = (stat.type & vscode.FileType.Directory) !== 0
  const folder = isFolder ? uri : vscode.Uri.joinPath(uri, '..')
  const options = {
    title: `Downloads in ${folder.fsPath}`,
    openLabel: 'Open',
    defaultUri: folder,
    canSelectMany: true
  }
  const chosen = await vscode.window.showOpenDialog(options)
  for (const file of chosen ?? []) await vscode.commands.executeCommand('vscode.open', file)
}

async function openSettings(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openSettings', `@ext:chordcast.${settingsSection}`)
}

async function copyDiagnostics({ context, controller, logBook }: Services): Promise<void> {
  const version = String(context.extension.packageJSON.version)
  const report = diagnosticsReport({
    versions: `Chordcast ${version}, ${vscode.env.appName} ${vscode.version}, Node.js ${process.versions.node}`,
    environment: `${process.platform} ${process.arch}, ${vscode.env.remoteName ?? 'local'}, ${vscode.env.appHost}`,
    state: controller.state,
    role: controller.role,
    failure: controller.failure,
    status: controller.model.status,
    videos: controller.model.videos,
    peers: controller.model.peers,
    log: logBook.recent
  })
  await vscode.env.clipboard.writeText(report)
  const message = 'Diagnostics copied. They hold addresses and peer IDs, but no IDs of videos and no keys.'
  void vscode.window.showInformationMessage(message)
}
