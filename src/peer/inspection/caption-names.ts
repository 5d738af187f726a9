import { parse } from 'node:path'

/** A file beside a video that looks like its captions. */
export interface CaptionFile {
  fileName: string
  format: 'vtt' | 'srt'
  label: string
  language?: string
}

const LANGUAGE = /^[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}$/i
const MAX_LABEL = 100

/**
 * Which of the files in a video's folder are its captions: those of its name with the ending `.vtt` or `.srt`, with something between
 * or not, such as `demo.en.vtt` or `demo.de.forced.srt` beside `demo.mp4`. Of two in one language the WebVTT one is taken.
 */
export function captionsAmong(fileNames: readonly string[], videoName: string): CaptionFile[] {
  const found = new Map<string, CaptionFile>()
  const candidates = fileNames.flatMap(name => captionFile(name, parse(videoName).name) ?? [])
  for (const { suffix, file } of candidates.sort((a, b) => compare(a.suffix, b.suffix))) {
    if (found.get(suffix)?.format !== 'vtt') found.set(suffix, file)
  }
  return [...found.values()]
}

function captionFile(fileName: string, base: string): { suffix: string; file: CaptionFile } | undefined {
  const { name, ext } = parse(fileName)
  const format = ext.toLowerCase() === '.vtt' ? 'vtt' : ext.toLowerCase() === '.srt' ? 'srt' : undefined
  const lower = name.toLowerCase()
  const stem = base.toLowerCase()
  if (!format || (lower !== stem && !lower.startsWith(`${stem}.`))) return undefined
  const suffix = name.slice(base.length + 1)
  return { suffix: suffix.toLowerCase(), file: { fileName, format, ...labelOf(suffix) } }
}

function labelOf(suffix: string): { label: string; language?: string } {
  if (suffix === '') return { label: 'Captions' }
  const [first = '', ...more] = suffix.split('.')
  const language = languageOf(first)
  if (!language) return { label: suffix.slice(0, MAX_LABEL) }
  const extra = more.length > 0 ? ` (${more.join(' ')})` : ''
  return { label: `${language.name}${extra}`.slice(0, MAX_LABEL), language: language.tag }
}

function languageOf(text: string): { tag: string; name: string } | undefined {
  const tag = text.replaceAll('_', '-')
  if (!LANGUAGE.test(tag)) return undefined
  const name = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' }).of(tag)
  return name === undefined ? undefined : { tag, name }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
