import * as vscode from 'vscode'
import { type CommandId, commands } from './ids.ts'
import type { Tooltip } from './tooltip.ts'

/** Draws a tooltip as Markdown. Values are appended as text, so that a name cannot bring links or images. */
export function renderTooltip(
  tooltip: Tooltip,
  links: readonly [label: string, command: CommandId][] = []
): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString('', true)
  markdown.isTrusted = { enabledCommands: Object.values(commands) }
  markdown.appendMarkdown('**').appendText(tooltip.title).appendMarkdown('**\n\n')
  if (tooltip.picture !== undefined) markdown.appendMarkdown(`![](${tooltip.picture}|width=240)\n\n`)
  for (const [label, value] of tooltip.rows) {
    markdown.appendMarkdown(`${label}: `).appendText(value).appendMarkdown('  \n')
  }
  if (tooltip.note !== undefined) markdown.appendMarkdown('\n\n').appendText(tooltip.note)
  if (links.length > 0) {
    const parts = links.map(([label, command]) => `[${label}](command:${command})`)
    markdown.appendMarkdown(`\n\n---\n\n${parts.join(' · ')}`)
  }
  return markdown
}
