const TIMING =
  /^\s*((?:\d{1,3}:)?\d{1,2}:\d{1,2}[,.]\d{1,3})\s*-->\s*((?:\d{1,3}:)?\d{1,2}:\d{1,2}[,.]\d{1,3})/
/** Tags that WebVTT has as well. */
const KEPT_TAG = /^<\/?[biu]>$/i
/** Position marks of SubStation, which many SubRip files carry: `{\an8}`. */
const OVERRIDE = /\{\\[^{}\n]{0,100}\}/g

/** A SubRip file as WebVTT: times, line breaks, and bold, italic and underlined text; colours and positions are left out. */
export function subRipToWebVtt(subRip: string): string {
  const lines = subRip.replace(/\r\n?/g, '\n').split('\n')
  const cues: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const timing = TIMING.exec(lines[at] ?? '')
    if (!timing) continue
    const text = textAfter(lines, at)
    const [, start = '', end = ''] = timing
    if (text.length > 0) cues.push(`${webVttTime(start)} --> ${webVttTime(end)}\n${text.join('\n')}`)
    at += text.length
  }
  return `${['WEBVTT', ...cues].join('\n\n')}\n`
}

/** The lines of a cue end at an empty one, or where the next cue begins without one between. */
function textAfter(lines: readonly string[], timingAt: number): string[] {
  const text: string[] = []
  for (let at = timingAt + 1; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const isNextCue = /^\s*\d+\s*$/.test(line) && TIMING.test(lines[at + 1] ?? '')
    if (line.trim() === '' || isNextCue || TIMING.test(line)) break
    text.push(cueText(line))
  }
  return text
}

function webVttTime(time: string): string {
  const [clock = '', fraction = ''] = time.split(/[,.]/)
  const parts = clock.split(':').map(part => part.padStart(2, '0'))
  if (parts.length === 2) parts.unshift('00')
  return `${parts.join(':')}.${fraction.padEnd(3, '0')}`
}

function cueText(line: string): string {
  return line
    .replace(OVERRIDE, '')
    .split(/(<[^<>]{0,200}>)/)
    .map((part, index) => (index % 2 === 0 ? escapeText(part) : keptTag(part)))
    .join('')
}

function keptTag(tag: string): string {
  if (KEPT_TAG.test(tag)) return tag.toLowerCase()
  return /^<\/?font\b/i.test(tag) ? '' : escapeText(tag)
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
