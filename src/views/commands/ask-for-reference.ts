import * as vscode from 'vscode'
import { describeAddress } from '../../shared/format.ts'
import { parseVideoReference, type VideoReference } from '../../shared/video-reference.ts'

/** Asks for an ID or a link, filled in from the clipboard when that holds one. */
export async function askForReference(): Promise<VideoReference | undefined> {
  const text = await vscode.window.showInputBox({
    title: 'Fetch Video by ID',
    prompt: 'The ID or link of a video',
    placeHolder: 'bafyrei… or chordcast:bafyrei…',
    value: await referenceInClipboard(),
    ignoreFocusOut: true,
    validateInput: describeInput
  })
  if (text === undefined) return undefined
  const parsed = parseVideoReference(text)
  return 'reference' in parsed ? parsed.reference : undefined
}

async function referenceInClipboard(): Promise<string> {
  const text = (await vscode.env.clipboard.readText()).trim()
  return 'reference' in parseVideoReference(text) ? text : ''
}

/** What stands below the box while typing: the problem, or which addresses a link dials. */
function describeInput(text: string): vscode.InputBoxValidationMessage | undefined {
  const parsed = parseVideoReference(text)
  if ('problem' in parsed)
    return { message: parsed.problem, severity: vscode.InputBoxValidationSeverity.Error }
  const { addresses } = parsed.reference
  if (addresses.length === 0) return undefined
  const message = `Enter dials ${addresses.map(describeAddress).join(', ')}, which will see your IP address.`
  return { message, severity: vscode.InputBoxValidationSeverity.Info }
}
