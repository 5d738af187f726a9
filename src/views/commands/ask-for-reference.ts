import * as vscode from 'vscode'
import type { VideoLink } from '../../peer/content/link.ts'
import { describeInput, loadParser, tryParse } from './read-reference.ts'

/** Asks for an ID or a link, filled in from the clipboard when that holds one. */
export async function askForReference(): Promise<VideoLink | undefined> {
  const [parse, clipboard] = await Promise.all([loadParser(), vscode.env.clipboard.readText()])
  const text = await vscode.window.showInputBox({
    title: 'Fetch Video by ID',
    prompt: 'The ID or link of a video',
    placeHolder: 'bafyrei… or chordcast:bafyrei…',
    value: tryParse(clipboard, parse) === undefined ? '' : clipboard.trim(),
    ignoreFocusOut: true,
    validateInput: input => {
      const note = describeInput(input, parse)
      const { Error: problem, Info: info } = vscode.InputBoxValidationSeverity
      return note === undefined
        ? undefined
        : { message: note.message, severity: note.isProblem ? problem : info }
    }
  })
  return text === undefined ? undefined : parse(text)
}
