import { open, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Caption, MAX_CAPTION_BYTES, MAX_CAPTION_TRACKS } from '../content/captions/packed-captions.ts'
import { cleanWebVtt, decodeUtf8 } from '../content/captions/web-vtt.ts'
import { toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { type CaptionFile, captionsAmong } from './caption-names.ts'
import { subRipToWebVtt } from './subrip.ts'

/** The captions that lie beside a video, as WebVTT. What cannot be read is told in the log and left out: it keeps nobody from sharing. */
export async function findCaptions(videoPath: string, log: Logger): Promise<Caption[]> {
  const folder = dirname(videoPath)
  try {
    const files = captionsAmong(await readdir(folder), basename(videoPath)).slice(0, MAX_CAPTION_TRACKS)
    const captions = await Promise.all(files.map(file => readCaption(folder, file, log)))
    return captions.filter(caption => caption !== undefined)
  } catch (error) {
    log.warn('no captions were looked for beside the file', toPeerError(error))
    return []
  }
}

async function readCaption(
  folder: string,
  { fileName, format, ...named }: CaptionFile,
  log: Logger
): Promise<Caption | undefined> {
  try {
    const bytes = await readBounded(join(folder, fileName))
    const vtt =
      bytes && cleanWebVtt(format === 'vtt' ? bytes : Buffer.from(subRipToWebVtt(decodeText(bytes))))
    if (vtt !== undefined) return { ...named, vtt }
    log.warn(`${fileName} is left out: it holds no captions, or more than ${MAX_CAPTION_BYTES / 1024} KiB`)
  } catch (error) {
    log.warn(`${fileName} is left out`, toPeerError(error))
  }
  return undefined
}

async function readBounded(path: string): Promise<Uint8Array | undefined> {
  const file = await open(path, 'r')
  try {
    const stats = await file.stat()
    if (!stats.isFile() || stats.size > MAX_CAPTION_BYTES) return undefined
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** SubRip names no encoding: UTF-8, UTF-16 with its mark, or else what Windows wrote for decades. */
function decodeText(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  return decodeUtf8(bytes) ?? new TextDecoder('windows-1252').decode(bytes)
}
