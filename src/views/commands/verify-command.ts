import * as vscode from 'vscode'
import type { VideoSnapshot } from '../../peer/api.ts'
import { PeerError } from '../../peer/errors.ts'
import { displayName } from '../../shared/format.ts'
import { abortOnCancel } from '../abort-on-cancel.ts'
import { commands } from '../ids.ts'
import { plainText } from '../plain-text.ts'
import type { Services } from '../services.ts'
import { askForReference } from './ask-for-reference.ts'
import type { Command } from './command.ts'
import { videosFromArguments } from './command-targets.ts'
import { linkText } from './fetch-command.ts'

interface VerifyTask {
  path: string
  idOrLink: string
}

/** Does a file hold what an ID says. */
export function verifyCommands(services: Services): Command[] {
  return [{ id: commands.verifyFile, run: (...args) => verifyFile(services, args) }]
}

async function verifyFile(services: Services, args: unknown[]): Promise<boolean | undefined> {
  const api = await services.controller.open()
  const task = await chooseTask(services, args)
  if (task === undefined) return undefined
  const name = plainText(displayName(task.path.split(/[\\/]/).at(-1) ?? task.path))
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: `Verifying ${name}`,
    cancellable: true
  }
  const result = await vscode.window.withProgress(options, (_progress, token) =>
    api.verify(task.path, task.idOrLink, abortOnCancel(token))
  )
  if (!result.matches) {
    const where =
      result.firstBadChunk === undefined ? '' : ` It differs from chunk ${result.firstBadChunk} on.`
    throw new PeerError('VERIFY_MISMATCH', `${name} does not hold what the ID says.${where} Fetch it again.`)
  }
  const message = `${name} holds exactly what its ID says. SHA-256: ${result.sha256}`
  void vscode.window.showInformationMessage(message)
  return true
}

async function chooseTask(services: Services, args: unknown[]): Promise<VerifyTask | undefined> {
  const video = videosFromArguments(services.controller.model, args).find(({ path }) => path !== undefined)
  if (video?.path !== undefined) return { path: video.path, idOrLink: video.id }
  const file = args[0] instanceof vscode.Uri ? args[0] : await askForFile()
  if (file === undefined) return undefined
  const idOrLink = await chooseReference(services, file.fsPath)
  return idOrLink === undefined ? undefined : { path: file.fsPath, idOrLink }
}

async function askForFile(): Promise<vscode.Uri | undefined> {
  return (await vscode.window.showOpenDialog({ title: 'Verify File', openLabel: 'Verify' }))?.[0]
}

/** The ID to compare with: of a video of the library, or one that the user pastes. */
async function chooseReference({ controller }: Services, path: string): Promise<string | undefined> {
  const { videos } = controller.model
  const known = videos.find(video => video.path === path)
  if (known !== undefined) return known.id
  if (videos.length === 0) return await pasteReference()
  const paste = { label: 'Paste an ID or a link…', video: undefined as VideoSnapshot | undefined }
  const items = videos.map(video => ({ label: plainText(displayName(video.name)), video }))
  const options = { title: 'Verify File', placeHolder: 'Compare the file with which video?' }
  const choice = await vscode.window.showQuickPick([paste, ...items], options)
  if (choice === undefined) return undefined
  return choice.video?.id ?? (await pasteReference())
}

async function pasteReference(): Promise<string | undefined> {
  const reference = await askForReference()
  return reference === undefined ? undefined : await linkText(reference)
}
