import type { OutgoingHttpHeaders } from 'node:http'
import { isPlayableMimeType, UNKNOWN_MIME_TYPE } from '../content/mime-type.ts'

/**
 * On every answer. Behind code-server a stream's URL has the workbench's own origin, so that a file that were taken for a page
 * could act as the user: it never is one.
 */
export const SAFE_HEADERS: OutgoingHttpHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "sandbox; default-src 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff'
}

/**
 * A browser that opens the URL by itself makes a page around the video, and that page has this policy: it may load the video it was made
 * for, from its own origin, and no script runs in it.
 */
const PLAYING_POLICY =
  "sandbox allow-same-origin; default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'"

/** What depends on the type: one that plays is shown, anything else can only be saved. */
export function contentHeaders(mimeType: string, fileName: string): OutgoingHttpHeaders {
  if (isPlayableMimeType(mimeType)) {
    return {
      'Content-Type': mimeType,
      'Content-Disposition': 'inline',
      'Content-Security-Policy': PLAYING_POLICY
    }
  }
  return {
    'Content-Type': UNKNOWN_MIME_TYPE,
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeExtended(fileName)}`
  }
}

/** RFC 8187: what `encodeURIComponent` leaves and an extended parameter must not hold is encoded as well. */
function encodeExtended(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /['()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  )
}
