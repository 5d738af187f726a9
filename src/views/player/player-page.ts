/** What the page of a player is made of; all addresses as the webview can load them. */
export interface PlayerPage {
  digest: string
  nonce: string
  cspSource: string
  /** Origin of the stream server, the only place that media may come from. */
  streamOrigin: string
  scriptUri: string
  styleUri: string
  codiconsUri: string
}

/**
 * The page of a player: the script fills it. Media may come from the stream server alone, scripts by nonce alone.
 * The property `csp-nonce` is read by the toolkit for its style element.
 */
export function playerPage(page: PlayerPage): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${page.nonce}'`,
    `style-src ${page.cspSource} 'nonce-${page.nonce}'`,
    `font-src ${page.cspSource}`,
    `img-src ${page.streamOrigin} data:`,
    // Captions are data.
    `media-src ${page.streamOrigin} data:`
  ].join('; ')
  const context = JSON.stringify({
    webviewSection: 'player',
    digest: page.digest,
    preventDefaultContextMenuItems: true
  })
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta property="csp-nonce" content="${page.nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escapeHtml(page.codiconsUri)}">
<link rel="stylesheet" href="${escapeHtml(page.styleUri)}">
<title>Chordcast</title>
</head>
<body data-digest="${escapeHtml(page.digest)}" data-vscode-context="${escapeHtml(context)}">
<div id="player"></div>
<script nonce="${page.nonce}" src="${escapeHtml(page.scriptUri)}"></script>
</body>
</html>`
}

/** A page with one sentence, for a player that has nothing to play yet or any more. It runs no script. */
export interface MessagePage {
  message: string
  /** Something is still expected: a turning ring says so. */
  busy?: boolean
  /** A way on: a command of the editor. */
  action?: { label: string; command: string; argument?: string }
  cspSource: string
  styleUri: string
}

/** Draws a `MessagePage`. */
export function messagePage({ message, busy, action, cspSource, styleUri }: MessagePage): string {
  const policy = `default-src 'none'; style-src ${cspSource}`
  const ring = busy ? '<div class="ring" aria-hidden="true"></div>' : ''
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<link rel="stylesheet" href="${escapeHtml(styleUri)}">
<title>Chordcast</title>
</head>
<body><main class="message">${ring}<p role="status">${escapeHtml(message)}</p>${actionLink(action)}</main></body>
</html>`
}

function actionLink(action: MessagePage['action']): string {
  if (action === undefined) return ''
  const { label, command, argument } = action
  const query = argument === undefined ? '' : `?${encodeURIComponent(JSON.stringify([argument]))}`
  return `<p><a class="action" href="${escapeHtml(`command:${command}${query}`)}">${escapeHtml(label)}</a></p>`
}

/** Text made safe between tags and in attributes with double quotes. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;'
  }
  return text.replace(/[&<>"']/g, character => entities[character] ?? character)
}
