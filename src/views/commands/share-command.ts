import { realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import * as vscode from 'vscode'
import type { VideoSnapshot } from '../../peer/api.ts'
import { PeerError } from '../../peer/errors.ts'
import { originalPath } from '../../peer/inspection/original-path.ts'
import { countOf, displayName, percentOf } from '../../shared/format.ts'
import { abortOnCancel } from '../abort-on-cancel.ts'
import { commands } from '../ids.ts'
import { plainText } from '../plain-text.ts'
import type { Services } from '../services.ts'
import { prepareShare } from '../sharing/prepare-share.ts'
import type { Command } from './command.ts'
import { copyIds, copyLinks } from './copy-commands.ts'
import { dialogFilters } from './file-types.ts'
import { type ShareFailure, shareEach } from './share-each.ts'

/** Sharing files: from the explorer (several at once), by dropping them on the view, or through a dialog. */
export function shareCommands(services: Services): Command[] {
  const run = (...args: unknown[]): Promise<VideoSnapshot[]> => shareVideos(services, args)
  // The same under the name that fits a sound or a picture.
  return [commands.shareVideo, commands.shareFile].map(id => ({ id, run }))
}

async function shareVideos(services: Services, args: readonly unknown[]): Promise<VideoSnapshot[]> {
  const files = urisFrom(args) ?? (await askForFiles())
  if (files === undefined || files.length === 0) return []
  const paths = files.map(localPath)
  if (!(await services.controller.join())) return []
  const { shared, failures } = await shareEach(paths, path => shareOne(services, path))
  announce(services, shared).catch((error: unknown) => services.errors.show(error))
  for (const failure of failures) tellFailure(services, failure)
  return shared
}

/** Returns at once: the failures of several files are shown beside each other. */
function tellFailure(services: Services, { path, error }: ShareFailure): void {
  const { errors, logger } = services
  const retry = (): Promise<unknown> => shareVideos(services, [vscode.Uri.file(path)])
  errors.show(error, retry).catch((cause: unknown) => logger.error('an error could not be shown', cause))
}

function urisFrom([clicked, selected]: readonly unknown[]): vscode.Uri[] | undefined {
  const list = Array.isArray(selected) && selected.length > 0 ? selected : [clicked]
  // A link in one of our own pages brings its argument as text.
  const read = list.map(item => (typeof item === 'string' ? vscode.Uri.parse(item, true) : item))
  const uris = read.filter(item => item instanceof vscode.Uri)
  return uris.length > 0 ? uris : undefined
}

async function askForFiles(): Promise<vscode.Uri[] | undefined> {
  return await vscode.window.showOpenDialog({
    title: 'Share Video',
    openLabel: 'Share',
    canSelectMany: true,
    filters: dialogFilters
  })
}

function localPath(uri: vscode.Uri): string {
  if (uri.scheme === 'file') return uri.fsPath
  throw new PeerError(
    'NOT_SUPPORTED',
    'Only files on the disk of this machine can be shared. Save a local copy and share that.'
  )
}

async function shareOne(services: Services, path: string): Promise<VideoSnapshot> {
  const { controller, selection } = services
  const api = await controller.open()
  const name = displayName(basename(path))
  const realPath = await resolveLinks(path)
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: `Preparing ${plainText(name)}`,
    cancellable: true
  }
  const video = await vscode.window.withProgress(options, async (progress, token) => {
    const signal = abortOnCancel(token)
    const prepared = await prepareShare(services, api, realPath, signal)
    if (prepared === undefined) throw new PeerError('ABORTED', 'Cancelled.')
    let shown = 0
    const unsubscribe = api.on('shareProgress', step => {
      const isOurs = step.path === path || originalPath(step.path) === realPath
      const percent = isOurs ? percentOf(step.bytesDone, step.bytes) : shown
      if (percent > shown) progress.report({ increment: percent - shown, message: `${percent} %` })
      shown = Math.max(shown, percent)
    })
    return await api.share(path, prepared, signal).finally(unsubscribe)
  })
  controller.model.takeVideo(video)
  selection.select(video.digest)
  return video
}

/** Progress is told under the path that links lead to. Of a path that leads nowhere, sharing itself tells. */
async function resolveLinks(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return path
  }
}

async function announce(services: Services, videos: VideoSnapshot[]): Promise<void> {
  const [first] = videos
  if (first === undefined) return
  const what = videos.length === 1 ? plainText(displayName(first.name)) : countOf(videos.length, 'video')
  const copyId = videos.length === 1 ? 'Copy ID' : 'Copy IDs'
  const copyLink = videos.length === 1 ? 'Copy Link' : 'Copy Links'
  const choice = await vscode.window.showInformationMessage(`Sharing ${what}.`, copyId, copyLink)
  if (choice === copyId) await copyIds(videos)
  if (choice === copyLink) await copyLinks(services, videos)
}
