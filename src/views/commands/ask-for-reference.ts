import { setTimeout } from 'node:timers/promises'
import * as vscode from 'vscode'
import type { VideoLink } from '../../peer/content/link.ts'
import { DisposableStore } from '../disposable.ts'
import { describeInput, loadParser, type ParseReference, tryParse } from './read-reference.ts'

/** Milliseconds. */
const clipboardDeadline = 1000

/** Asks for an ID or a link, filled in from the clipboard when that holds one. `title`: what it is wanted for. */
export async function askForReference(title: string): Promise<VideoLink | undefined> {
  const [parse, clipboard] = await Promise.all([loadParser(), readClipboard()])
  const value = tryParse(clipboard, parse) === undefined ? '' : clipboard.trim()
  return await showBox(title, parse, value)
}

/** In a browser, reading may wait for a permission: the box does not. */
async function readClipboard(): Promise<string> {
  const none = setTimeout(clipboardDeadline, '', { ref: false })
  return await Promise.race([vscode.env.clipboard.readText(), none])
}

/** Not `showInputBox`: that says nothing about a text it was filled with, such as which addresses a link dials. */
function showBox(title: string, parse: ParseReference, value: string): Promise<VideoLink | undefined> {
  const owned = new DisposableStore()
  const box = owned.add(vscode.window.createInputBox())
  box.title = title
  box.prompt = 'The ID or link of a video'
  box.placeholder = 'bafyrei… or chordcast:bafyrei…'
  box.ignoreFocusOut = true
  box.value = value
  if (value !== '') describe(box, parse)
  box.show()
  return new Promise<VideoLink | undefined>(resolve => {
    owned.add(box.onDidChangeValue(() => describe(box, parse)))
    owned.add(box.onDidHide(() => resolve(undefined)))
    owned.add(
      box.onDidAccept(() => {
        const reference = tryParse(box.value, parse)
        if (reference === undefined) describe(box, parse)
        else resolve(reference)
      })
    )
  }).finally(() => owned.dispose())
}

function describe(box: vscode.InputBox, parse: ParseReference): void {
  const note = describeInput(box.value, parse)
  const { Error: problem, Info: info } = vscode.InputBoxValidationSeverity
  box.validationMessage = note && { message: note.message, severity: note.isProblem ? problem : info }
}
