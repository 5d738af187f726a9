import * as vscode from 'vscode'
import { commands } from '../ids.ts'
import type { Contribution } from '../services.ts'
import { findLinks } from './find-links.ts'

/** Where links are looked for: prose, wherever it comes from. */
const languages = ['markdown', 'plaintext', 'asciidoc', 'restructuredtext', 'git-commit', 'scminput']

/** Makes links to videos in documents clickable. A click asks before anything is dialled. */
export class DocumentLinks implements Contribution, vscode.DocumentLinkProvider {
  register(context: vscode.ExtensionContext): void {
    const selector = languages.map(language => ({ language }))
    context.subscriptions.push(vscode.languages.registerDocumentLinkProvider(selector, this))
  }

  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    return findLinks(document.getText()).map(({ start, end, text }) => {
      const range = new vscode.Range(document.positionAt(start), document.positionAt(end))
      const link = new vscode.DocumentLink(range, commandUri(text))
      link.tooltip = 'Watch with Chordcast'
      return link
    })
  }
}

function commandUri(link: string): vscode.Uri {
  return vscode.Uri.parse(`command:${commands.openLink}?${encodeURIComponent(JSON.stringify([link]))}`)
}
