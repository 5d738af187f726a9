import { randomBytes } from 'node:crypto'
import { basename, dirname } from 'node:path'
import * as vscode from 'vscode'
import type { Logger } from '../../peer/log.ts'
import { displayName } from '../../shared/format.ts'
import type { PosterResult } from '../../shared/poster.ts'
import { posterPage, readPosterMessage } from './poster-page.ts'

/** Milliseconds that a poster may take, from when its page begins: a video is shared without one rather than late. */
const DEADLINE = 3_000
/** Milliseconds for the page to begin: the editor may be busy. */
const START_DEADLINE = 10_000

const viewType = 'chordcast.poster'

export interface DrawPosterOptions {
  path: string
  kind: 'video' | 'image'
  /** The folder of built webview parts. */
  resources: vscode.Uri
  logger: Logger
  signal: AbortSignal
}

/**
 * A picture of a file as base64, drawn by the decoder that the editor has: a tab shows it for a moment. Undefined when there is none in time;
 * the log says why. Never rejects.
 */
export async function drawPoster(options: DrawPosterOptions): Promise<string | undefined> {
  const { path, logger, signal } = options
  if (signal.aborted) return undefined
  const title = `Drawing a picture of ${displayName(basename(path))}`
  const panel = vscode.window.createWebviewPanel(
    viewType,
    title,
    { viewColumn: vscode.ViewColumn.Active, preserveFocus: true },
    { enableScripts: true, localResourceRoots: [options.resources, vscode.Uri.file(dirname(path))] }
  )
  try {
    const answer = answerOf(panel, signal)
    panel.webview.html = pageFor(panel.webview, title, options)
    const result = await answer
    if (result.kind === 'poster') return result.base64
    logger.info(`no poster for a shared file: ${result.reason}`)
  } catch (error) {
    logger.info(`no poster for a shared file: ${String(error)}`)
  } finally {
    panel.dispose()
  }
  return undefined
}

function pageFor(
  webview: vscode.Webview,
  title: string,
  { path, kind, resources }: DrawPosterOptions
): string {
  const uri = (file: vscode.Uri): string => webview.asWebviewUri(file).toString()
  return posterPage({
    nonce: randomBytes(16).toString('hex'),
    cspSource: webview.cspSource,
    scriptUri: uri(vscode.Uri.joinPath(resources, 'poster.js')),
    sourceUri: uri(vscode.Uri.file(path)),
    kind,
    title
  })
}

function answerOf(panel: vscode.WebviewPanel, signal: AbortSignal): Promise<PosterResult> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error('it took too long'))
    let timer = setTimeout(late, START_DEADLINE)
    panel.webview.onDidReceiveMessage((input: unknown) => {
      const message = readPosterMessage(input) ?? { kind: 'none', reason: 'the page said something else' }
      clearTimeout(timer)
      if (message.kind === 'begin') timer = setTimeout(late, DEADLINE)
      else resolve(message)
    })
    panel.onDidDispose(() => {
      clearTimeout(timer)
      resolve({ kind: 'none', reason: 'its tab was closed' })
    })
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
