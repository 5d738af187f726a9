import * as vscode from 'vscode'
import type { VideoSnapshot } from '../../peer/api.ts'
import { countOf, displayName } from '../../shared/format.ts'
import { commands } from '../ids.ts'
import { plainText } from '../plain-text.ts'
import type { Services } from '../services.ts'
import { isActive, isResumable } from '../video-state.ts'
import { chooseVideos } from './choose-videos.ts'
import type { Command } from './command.ts'

/** What can be done with a video of the library. */
export function videoCommands(services: Services): Command[] {
  return [
    { id: commands.watch, run: (...args) => watch(services, args) },
    { id: commands.pause, run: (...args) => pause(services, args) },
    { id: commands.resume, run: (...args) => resume(services, args) },
    { id: commands.stopSharing, run: (...args) => stopSharing(services, args) },
    { id: commands.remove, run: (...args) => remove(services, args) }
  ]
}

async function watch(services: Services, args: unknown[]): Promise<void> {
  const none = 'There is no video to watch. Share or fetch one first.'
  const videos = await chooseVideos(services, args, { title: 'Watch', suits: () => true, none })
  for (const video of videos) {
    services.selection.select(video.digest)
    services.players.open(video.digest, vscode.ViewColumn.Active)
  }
}

async function pause(services: Services, args: unknown[]): Promise<void> {
  const none = 'No download is on its way.'
  const videos = await chooseVideos(services, args, { title: 'Pause', suits: isActive, none })
  const api = await services.controller.open()
  await Promise.all(videos.map(({ digest }) => api.pause(digest)))
}

async function resume(services: Services, args: unknown[]): Promise<void> {
  const none = 'No download is paused.'
  const videos = await chooseVideos(services, args, { title: 'Resume', suits: isResumable, none })
  if (videos.length === 0 || !(await services.controller.join())) return
  const api = await services.controller.open()
  await Promise.all(videos.map(({ digest }) => api.resume(digest)))
}

async function stopSharing(services: Services, args: unknown[]): Promise<void> {
  const suits = ({ origin }: VideoSnapshot): boolean => origin === 'shared'
  const none = 'No video is shared.'
  const videos = await chooseVideos(services, args, { title: 'Stop Sharing', suits, none })
  if (videos.length === 0) return
  const stop = 'Stop Sharing'
  const detail =
    'Its ID ends here for good: nobody is given the key any more, and peers that hold copies are told to stop serving them. ' +
    'Your file stays where it is, and sharing it again makes a new ID. What was fetched or seen cannot be unseen.'
  const options = { modal: true, detail }
  const choice = await vscode.window.showWarningMessage(`Stop sharing ${nameThem(videos)}?`, options, stop)
  if (choice !== stop) return
  const api = await services.controller.open()
  await Promise.all(videos.map(({ digest }) => api.stopSharing(digest)))
}

async function remove(services: Services, args: unknown[]): Promise<void> {
  const suits = ({ origin }: VideoSnapshot): boolean => origin === 'fetched'
  const none = 'There is no fetched video to remove.'
  const videos = await chooseVideos(services, args, { title: 'Remove', suits, none })
  if (videos.length === 0) return
  const keepFile = 'Remove'
  const deleteFile = 'Remove and Delete File'
  const hasFile = videos.some(({ path }) => path !== undefined)
  const detail = hasFile
    ? 'It is no longer offered to others, and its ID is forgotten. The finished file stays unless you delete it.'
    : 'What has arrived so far is deleted, and its ID is forgotten.'
  const choices = hasFile ? [keepFile, deleteFile] : [keepFile]
  const options = { modal: true, detail }
  const choice = await vscode.window.showWarningMessage(`Remove ${nameThem(videos)}?`, options, ...choices)
  if (choice === undefined) return
  const api = await services.controller.open()
  await Promise.all(videos.map(({ digest }) => api.remove(digest, choice === deleteFile)))
}

function nameThem(videos: readonly VideoSnapshot[]): string {
  const [first] = videos
  const one = videos.length === 1 && first !== undefined
  return one ? plainText(displayName(first.name)) : countOf(videos.length, 'video')
}
