import * as vscode from 'vscode'
import type { FileInspection, PeerApi, ShareOptions } from '../../peer/api.ts'
import { displayName } from '../../shared/format.ts'
import { mediaKind } from '../../shared/media-type.ts'
import type { Services } from '../services.ts'
import { drawPoster } from './draw-poster.ts'

/** Larger files are not drawn before version 1.119 of the editor: it read a file into memory as a whole for each part of it. */
const MAX_BYTES_OF_OLD_EDITORS = 64 * 1024 * 1024

/** What is asked and made before a file is shared. Undefined when the user declined. */
export async function prepareShare(
  services: Services,
  api: PeerApi,
  path: string,
  signal: AbortSignal
): Promise<ShareOptions | undefined> {
  const { controller, configuration } = services
  const isShared = controller.model.videos.some(video => video.path === path && video.state === 'sharing')
  if (isShared) return {}
  const inspection = await api.inspect(path, signal)
  const fastStart = await chooseFastStart(services, path, inspection)
  if (fastStart === undefined) return undefined
  const poster = configuration.get('drawPosters')
    ? await posterOf(services, path, inspection, signal)
    : undefined
  return { fastStart, ...(poster === undefined ? {} : { poster }) }
}

async function posterOf(
  { context, logger }: Services,
  path: string,
  { mimeType }: FileInspection,
  signal: AbortSignal
): Promise<string | undefined> {
  const kind = mediaKind(mimeType)
  if ((kind !== 'video' && kind !== 'image') || !(await canBeDrawn(path))) return undefined
  const resources = vscode.Uri.joinPath(context.extensionUri, 'dist', 'media')
  return await drawPoster({ path, kind, resources, logger, signal })
}

async function canBeDrawn(path: string): Promise<boolean> {
  const [major = 0, minor = 0] = vscode.version.split('.').map(Number)
  if (major > 1 || minor >= 119) return true
  return (await vscode.workspace.fs.stat(vscode.Uri.file(path))).size <= MAX_BYTES_OF_OLD_EDITORS
}

/** Whether a copy is shared that begins with the index; undefined when the user declined to share. */
async function chooseFastStart(
  { configuration }: Services,
  path: string,
  { indexAtEnd }: FileInspection
): Promise<boolean | undefined> {
  const wish = configuration.get('fastStart')
  if (!indexAtEnd || wish !== 'ask') return indexAtEnd === true && wish === 'always'
  const asIs = {
    label: 'Share as Is',
    description: 'Chordcast fetches the index first, so it starts quickly all the same.'
  }
  const copy = {
    label: 'Share a Fast-Start Copy',
    description: 'A copy is made beside it. Nothing is encoded anew, and the original stays as it is.'
  }
  const never = { label: 'Always Share as Is', description: 'Do not ask again.' }
  const choice = await vscode.window.showQuickPick([asIs, copy, never], {
    title: displayName(vscode.Uri.file(path).path.split('/').at(-1) ?? ''),
    placeHolder: 'The index of this video lies at its end, so that some players need all of it to begin.',
    ignoreFocusOut: true
  })
  if (choice === never) await configuration.set('fastStart', 'never')
  return choice && choice === copy
}
