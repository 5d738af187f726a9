import * as v from 'valibot'
import { type FromPosterPage, MAX_POSTER_BYTES } from '../../shared/poster.ts'
import { escapeHtml } from '../player/player-page.ts'

/** What the page that draws a poster is made of; all addresses as the webview can load them. */
export interface PosterPage {
  nonce: string
  cspSource: string
  scriptUri: string
  /** The file that is drawn. */
  sourceUri: string
  kind: 'video' | 'image'
  /** Shown while it is drawn. */
  title: string
}

/** A page that draws one picture of one file, tells the host, and may do nothing else. */
export function posterPage({ nonce, cspSource, scriptUri, sourceUri, kind, title }: PosterPage): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    `img-src ${cspSource}`,
    `media-src ${cspSource}`
  ].join('; ')
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<title>Chordcast</title>
<style nonce="${nonce}">
body { display: grid; justify-items: center; gap: 1em; padding: 2em; color: var(--vscode-descriptionForeground); }
canvas { max-width: 100%; }
</style>
</head>
<body data-source="${escapeHtml(sourceUri)}" data-kind="${kind}">
<p role="status">${escapeHtml(title)}</p>
<canvas width="1" height="1" aria-hidden="true"></canvas>
<script nonce="${nonce}" src="${escapeHtml(scriptUri)}"></script>
</body>
</html>`
}

const fromPage: v.GenericSchema<unknown, FromPosterPage> = v.variant('kind', [
  v.object({ kind: v.literal('begin') }),
  v.object({
    kind: v.literal('poster'),
    base64: v.pipe(v.string(), v.maxLength(Math.ceil(MAX_POSTER_BYTES / 3) * 4), v.base64())
  }),
  v.object({ kind: v.literal('none'), reason: v.pipe(v.string(), v.maxLength(500)) })
])

/** What the page said, or undefined when it is nothing that we know: webviews are not trusted. */
export function readPosterMessage(input: unknown): FromPosterPage | undefined {
  const result = v.safeParse(fromPage, input)
  return result.success ? result.output : undefined
}
