import * as vscode from 'vscode'
import type { VideoSnapshot } from '../../peer/api.ts'
import { displayName } from '../../shared/format.ts'
import { plainText } from '../plain-text.ts'
import type { Services } from '../services.ts'
import { describeProgress, describeSize } from '../video-state.ts'
import { videosFromArguments } from './command-targets.ts'

/** How to ask for a video when the command came without one. */
export interface VideoQuestion {
  title: string
  /** Which videos the command can be used on. */
  suits(video: VideoSnapshot): boolean
  /** One sentence for the case that no video suits. */
  none: string
}

/**
 * The videos that a command is for: those of its arguments, else the one in the active player, else the one the user
 * picks. Empty when there is none or the user declined.
 */
export async function chooseVideos(
  { controller, players }: Services,
  args: readonly unknown[],
  question: VideoQuestion
): Promise<VideoSnapshot[]> {
  await controller.open()
  const { model } = controller
  const named = videosFromArguments(model, args)
  if (named.length > 0) return named.filter(question.suits)
  const watched = model.video(players.activeDigest ?? '')
  if (watched !== undefined && question.suits(watched)) return [watched]
  const picked = await pickVideo(model.videos.filter(question.suits), question)
  return picked === undefined ? [] : [picked]
}

async function pickVideo(
  videos: VideoSnapshot[],
  { title, none }: VideoQuestion
): Promise<VideoSnapshot | undefined> {
  if (videos.length === 0) {
    void vscode.window.showInformationMessage(none)
    return undefined
  }
  const items = videos.map(video => ({
    label: plainText(displayName(video.name)),
    description: describeSize(video),
    detail: describeProgress(video),
    video
  }))
  const options = { title, placeHolder: 'Choose a video', matchOnDescription: true }
  return (await vscode.window.showQuickPick(items, options))?.video
}
