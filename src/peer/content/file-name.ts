/** Longest file name that we write, in bytes of UTF-8: leaves room for ` (2)` and `.part` below the usual 255. */
export const MAX_FILE_NAME_BYTES = 240

const FALLBACK_NAME = 'video'
const MAX_EXTENSION_BYTES = 32

// Control and format characters can hide or reverse what a name says. The joiners and the tags stay: emoji
// and Persian need them.
const HIDDEN_CHARACTERS =
  /(?!\u200c|\u200d|[\u{e0020}-\u{e007f}])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/gu
const FORBIDDEN_ON_WINDOWS = /[<>:"|?*]/g
const DEVICE_ON_WINDOWS = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|$)/i

/**
 * A file name that is safe to create in a folder, whatever a sender wrote: one path component, visible, not reserved on
 * any platform, at most `MAX_FILE_NAME_BYTES` long with its extension kept. Emoji and spaces stay. Never empty.
 */
export function safeFileName(name: string): string {
  const visible = lastComponent(name.replace(HIDDEN_CHARACTERS, '')).normalize('NFC')
  const allowed = trimEdges(visible.replace(FORBIDDEN_ON_WINDOWS, '_'))
  const unreserved = DEVICE_ON_WINDOWS.test(allowed) ? `_${allowed}` : allowed
  return trimEdges(shorten(unreserved)) || FALLBACK_NAME
}

function lastComponent(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

// Windows drops dots and spaces at the end; a dot at the beginning hides the file elsewhere.
function trimEdges(name: string): string {
  return name.replace(/^[\s.]+/u, '').replace(/[\s.]+$/u, '')
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_FILE_NAME_BYTES) return name
  const dot = name.lastIndexOf('.')
  const extension =
    dot > 0 && Buffer.byteLength(name.slice(dot)) <= MAX_EXTENSION_BYTES ? name.slice(dot) : ''
  const stem = name.slice(0, name.length - extension.length)
  return trimEdges(cutToBytes(stem, MAX_FILE_NAME_BYTES - Buffer.byteLength(extension))) + extension
}

function cutToBytes(text: string, maxBytes: number): string {
  let bytes = 0
  let cut = ''
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes) break
    cut += character
  }
  return cut
}
