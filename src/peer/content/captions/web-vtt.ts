/** Characters that no caption needs; line feeds and tabs stay. */
const CONTROL = /(?![\t\n])\p{Cc}/gu

/**
 * The WebVTT in these bytes, made harmless: line feeds only, no control characters, no style sheets. Undefined for what is not
 * UTF-8 or does not begin as WebVTT does.
 */
export function cleanWebVtt(bytes: Uint8Array): string | undefined {
  const text = decodeUtf8(bytes)
  if (text === undefined || !/^WEBVTT(?:[ \t].*)?(?:\n|$)/.test(text)) return undefined
  return `${dropStyles(text.replace(CONTROL, '')).trimEnd()}\n`
}

/** Text of UTF-8 without a byte order mark, its lines ended by line feeds; undefined for other bytes. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r\n?/g, '\n')
  } catch {
    // Bytes in another encoding are no text of ours.
    return undefined
  }
}

/** Style sheets of a stranger have no place in our player. They come before the cues, each in a block of its own. */
function dropStyles(text: string): string {
  const blocks = text.split(/\n{2,}/)
  return blocks.filter((block, index) => index === 0 || !/^STYLE[ \t]*(?:\n|$)/.test(block)).join('\n\n')
}
