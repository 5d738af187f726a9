import * as vscode from 'vscode'
import type { VideoSnapshot } from '../../peer/api.ts'
import { displayName } from '../../shared/format.ts'
import { plainText } from '../plain-text.ts'
import { describeSize } from '../video-state.ts'
import { askForReference } from './ask-for-reference.ts'
import { linkText } from './fetch-command.ts'

/** How a command asks which video it is for. */
export interface ReferenceQuestion {
  title: string
  placeHolder: string
}

/** The ID of one of these videos, or an ID or link that the user pastes; undefined when the user declines. */
export async function chooseReference(
  videos: readonly VideoSnapshot[],
  { title, placeHolder }: ReferenceQuestion
): Promise<string | undefined> {
  if (videos.length === 0) return await pasteReference(title)
  const paste = { label: 'Paste an ID or a link…', description: '', id: undefined }
  const items = videos.map(video => ({
    label: plainText(displayName(video.name)),
    description: describeSize(video),
    id: video.id
  }))
  const choice = await vscode.window.showQuickPick([paste, ...items], { title, placeHolder })
  if (choice === undefined) return undefined
  return choice.id ?? (await pasteReference(title))
}

async function pasteReference(title: string): Promise<string | undefined> {
  const reference = await askForReference(title)
  return reference === undefined ? undefined : await linkText(reference)
}
