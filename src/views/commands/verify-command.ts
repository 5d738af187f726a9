import * as vscode from 'vscode'
import { PeerError } from '../../peer/errors.ts'
import { displayName } from '../../shared/format.ts'
import { abortOnCancel } from '../abort-on-cancel.ts'
import { commands } from '../ids.ts'
import { plainText } from '../plain-text.ts'
import type { Services } from '../services.ts'
import { chooseReference } from './choose-reference.ts'
import type { Command } from './command.ts'
import { videosFromArguments } from './command-targets.ts'

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
  const idOrLink = await chooseVideoOf(file.fsPath, services)
  return idOrLink === undefined ? undefined : { path: file.fsPath, idOrLink }
}

async function askForFile(): Promise<vscode.Uri | undefined> {
  return (await vscode.window.showOpenDialog({ title: 'Verify File', openLabel: 'Verify' }))?.[0]
}

/** The ID to compare with: of the video that this file is, of another one, or one that the user pastes. */
async function chooseVideoOf(path: string, { controller }: Services): Promise<string | undefined> {
  const known = controller.model.videos.find(video => video.path === path)
  if (known !== undefined) return known.id
  const question = { title: 'Verify File', placeHolder: 'Compare the file with which video?' }
  return await chooseReference(controller.model.videos, question)
}
