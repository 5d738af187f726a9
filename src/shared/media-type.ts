/** How a player shows a video: with which element. */
export type MediaKind = 'video' | 'audio' | 'image'

/** As a `MediaKind`, or a `file` that no player shows and that can only be saved. */
export type PlayerKind = MediaKind | 'file'

/** The element for a MIME type, or undefined for what no player shows. SVG can carry scripts and is not shown. */
export function mediaKind(mimeType: string): MediaKind | undefined {
  if (mimeType.startsWith('video/')) return 'video'
  if (mimeType.startsWith('audio/')) return 'audio'
  if (mimeType.startsWith('image/') && !mimeType.startsWith('image/svg')) return 'image'
  return undefined
}
