/** Largest poster image, in bytes. */
export const MAX_POSTER_BYTES = 64 * 1024

/** Raster images that every browser draws and that cannot carry scripts. */
export type PosterType = 'image/jpeg' | 'image/png' | 'image/webp'

/** The type that the first bytes of a poster show; undefined for what is none, and for one that is too large. */
export function posterType(bytes: Uint8Array): PosterType | undefined {
  if (bytes.length > MAX_POSTER_BYTES) return undefined
  const head = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  return head.startsWith('RIFF') && head.slice(8) === 'WEBP' ? 'image/webp' : undefined
}
