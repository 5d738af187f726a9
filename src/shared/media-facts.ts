import { codecNames } from './codec-names.ts'
import { formatTime } from './format.ts'

/** What is known of a video, a sound or a picture: see `MediaFacts` of the peer's API. */
export interface ShownFacts {
  durationSeconds?: number | undefined
  width?: number | undefined
  height?: number | undefined
  frameRate?: number | undefined
  codecs?: string | undefined
  hasAudio?: boolean | undefined
}

/** The facts in one line: `1:23, 1280 × 720, 30 fps, H.264 + AAC`. Empty when nothing is known. */
export function describeFacts(facts: ShownFacts): string {
  const { durationSeconds, width, height, frameRate, codecs, hasAudio } = facts
  const parts: string[] = []
  if (durationSeconds !== undefined) parts.push(formatTime(durationSeconds))
  if (width !== undefined && height !== undefined) parts.push(`${width} × ${height}`)
  if (frameRate !== undefined) parts.push(formatFrameRate(frameRate))
  if (codecs !== undefined) parts.push(codecNames(codecs).replaceAll(', ', ' + '))
  if (hasAudio === false) parts.push('no sound')
  return parts.filter(part => part !== '').join(', ')
}

/** `30 fps`, `29.97 fps`. */
export function formatFrameRate(framesPerSecond: number): string {
  return `${Math.round(framesPerSecond * 100) / 100} fps`
}
