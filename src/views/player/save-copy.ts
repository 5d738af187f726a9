import { createWriteStream } from 'node:fs'
import { copyFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as vscode from 'vscode'
import type { PeerApi, VideoSnapshot } from '../../peer/api.ts'
import { PeerError } from '../../peer/errors.ts'
import { displayName, percentOf } from '../../shared/format.ts'
import { abortOnCancel } from '../abort-on-cancel.ts'
import { plainText } from '../plain-text.ts'

/** Asks where to, and writes a copy there. What is not here yet is waited for; the user can cancel. */
export async function saveCopy(api: PeerApi, video: VideoSnapshot, folder: string): Promise<void> {
  const name = displayName(video.name)
  const defaultUri = vscode.Uri.file(
    join(video.path === undefined ? folder : dirname(video.path), basename(name))
  )
  const target = await vscode.window.showSaveDialog({ title: `Save ${name} As`, defaultUri })
  if (target === undefined) return
  if (target.scheme !== 'file')
    throw new PeerError('NOT_SUPPORTED', 'A copy can be saved in a folder of this machine only.')
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: `Saving ${plainText(name)}`,
    cancellable: true
  }
  await vscode.window.withProgress(options, async (progress, token) => {
    const report = (percent: number): void => progress.report({ message: `${percent} %` })
    const { path } = video
    if (path !== undefined) await copyFile(path, target.fsPath)
    else await writeStream(await api.streamUrl(video.digest), target.fsPath, abortOnCancel(token), report)
  })
}

/** A file that could not be written to its end is removed again. */
async function writeStream(
  url: string,
  path: string,
  signal: AbortSignal,
  onPercent: (percent: number) => void
): Promise<void> {
  const response = await fetch(url, { signal })
  if (!response.ok || response.body === null)
    throw new PeerError(
      'VIDEO_UNKNOWN',
      'This video cannot be read any more. Open it again from the Videos view.'
    )
  const bytes = Number(response.headers.get('content-length'))
  try {
    await pipeline(response.body, counting(bytes, onPercent), createWriteStream(path), { signal })
  } catch (error) {
    await rm(path, { force: true })
    if (!signal.aborted) throw error
  }
}

function counting(bytes: number, onPercent: (percent: number) => void): Transform {
  let written = 0
  let told = -1
  return new Transform({
    transform(block: Uint8Array, _encoding, done): void {
      written += block.length
      const percent = percentOf(written, bytes)
      if (percent !== told) onPercent(percent)
      told = percent
      done(null, block)
    }
  })
}
