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

/** Beginnings of codec strings (RFC 6381 and the WebCodecs registry), and what people call them. */
const CODEC_NAMES: readonly [begins: RegExp, name: string][] = [
  [/^avc[1-4]/, 'H.264'],
  [/^(?:hvc1|hev1)/, 'H.265'],
  [/^vp0?8/, 'VP8'],
  [/^vp0?9/, 'VP9'],
  [/^av01/, 'AV1'],
  [/^(?:mp4a\.(?:69|6b)|mp3)/, 'MP3'],
  [/^mp4a/, 'AAC'],
  [/^opus/, 'Opus'],
  [/^vorbis/, 'Vorbis'],
  [/^flac/, 'FLAC'],
  [/^ac-3/, 'AC-3'],
  [/^ec-3/, 'E-AC-3'],
  [/^pcm/, 'PCM']
]

/** `H.264 + AAC` for `avc1.4d400c, mp4a.40.2`; a codec that has no name here keeps its own. */
export function describeCodecs(codecs: string): string {
  const names = codecs.split(',').map(codec => codecName(codec.trim()))
  return names.filter(name => name !== '').join(' + ')
}

/** The facts in one line: `1:23, 1280 × 720, 30 fps, H.264 + AAC`. Empty when nothing is known. */
export function describeFacts(facts: ShownFacts): string {
  const { durationSeconds, width, height, frameRate, codecs, hasAudio } = facts
  const parts: string[] = []
  if (durationSeconds !== undefined) parts.push(formatTime(durationSeconds))
  if (width !== undefined && height !== undefined) parts.push(`${width} × ${height}`)
  if (frameRate !== undefined) parts.push(formatFrameRate(frameRate))
  if (codecs !== undefined) parts.push(describeCodecs(codecs))
  if (hasAudio === false) parts.push('no sound')
  return parts.filter(part => part !== '').join(', ')
}

/** `30 fps`, `29.97 fps`. */
export function formatFrameRate(framesPerSecond: number): string {
  return `${Math.round(framesPerSecond * 100) / 100} fps`
}

function codecName(codec: string): string {
  const known = CODEC_NAMES.find(([begins]) => begins.test(codec.toLowerCase()))
  return known ? known[1] : (codec.split('.', 1)[0]?.slice(0, 20) ?? '')
}
