import * as vscode from 'vscode'
import type { Digest, VideoSnapshot } from '../../peer/api.ts'
import { displayName, percentOf } from '../../shared/format.ts'
import { commands } from '../ids.ts'
import type { PeerModel } from '../peer-model.ts'
import { plainText } from '../plain-text.ts'
import type { Services } from '../services.ts'
import { describeProgress, isActive } from '../video-state.ts'

/**
 * Shows a download that the user started as a notification, until it completes, pauses, fails or is removed.
 * Cancelling pauses it. With `tellEnd`, completion is told with a way to watch.
 */
export async function showDownload(
  { controller, errors }: Services,
  video: VideoSnapshot,
  tellEnd: boolean
): Promise<void> {
  const { Notification } = vscode.ProgressLocation
  const options = { location: Notification, title: 'Fetching', cancellable: true }
  await vscode.window.withProgress(options, async (progress, token) => {
    token.onCancellationRequested(() => {
      controller.api?.pause(video.digest).catch((error: unknown) => errors.show(error))
    })
    let shown = 0
    await untilIdle(controller.model, video.digest, ({ have, chunks, ...rest }) => {
      const percent = percentOf(have, chunks)
      const name = plainText(displayName(rest.name))
      progress.report({
        increment: percent - shown,
        message: `${name} · ${describeProgress({ have, chunks, ...rest })}`
      })
      shown = percent
    })
  })
  if (tellEnd) await tellComplete(controller.model.video(video.digest))
}

/** Calls `onChange` with each change of a video, at first with its present state; ends when it is not active. */
function untilIdle(
  model: PeerModel,
  digest: Digest,
  onChange: (video: VideoSnapshot) => void
): Promise<void> {
  return new Promise(resolve => {
    const check = (): void => {
      const video = model.video(digest)
      if (video !== undefined && isActive(video)) {
        onChange(video)
        return
      }
      for (const unsubscribe of subscriptions) unsubscribe()
      resolve()
    }
    const subscriptions = [
      model.events.on('videos', check),
      model.events.on('video', changed => {
        if (changed.digest === digest) check()
      })
    ]
    check()
  })
}

async function tellComplete(video: VideoSnapshot | undefined): Promise<void> {
  if (video?.state !== 'complete') return
  const watch = 'Watch'
  const openFolder = 'Open Folder'
  const message = `${plainText(displayName(video.name))} is here.`
  const choice = await vscode.window.showInformationMessage(message, watch, openFolder)
  if (choice === watch) await vscode.commands.executeCommand(commands.watch, video.digest)
  if (choice === openFolder) await vscode.commands.executeCommand(commands.openDownloads, video.digest)
}
