import { join, resolve } from 'node:path'
import { Mp4OutputFormat, WebMOutputFormat } from 'mediabunny'
import { makeFastStartCopy } from '../../src/peer/inspection/fast-start.ts'
import { writeLooped } from './looped-video.ts'

const FIXTURES = resolve(import.meta.dirname, '../../test/fixtures')

/** A file that plays for long. */
export interface LongVideo {
  path: string
  /** What a browser is asked whether it plays. */
  type: string
}

export interface LongVideos {
  moovFirst: LongVideo
  moovLast: LongVideo
  webm: LongVideo
}

const MP4 = 'video/mp4; codecs="avc1.4d400d, mp4a.40.2"'
const WEBM = 'video/webm; codecs="vp9, opus"'

/** The same pictures and sound in three files: the MP4s differ in nothing but the place of their index. */
export async function makeLongVideos(folder: string, bytes: number): Promise<LongVideos> {
  const last = join(folder, 'long.mp4')
  await writeLooped(fixture('sample-h264-aac.mp4'), last, new Mp4OutputFormat({ fastStart: false }), bytes)
  const first = await makeFastStartCopy(last, AbortSignal.timeout(60_000))
  if (!first) throw new Error('The long MP4 has its index at the beginning already.')
  const webm = join(folder, 'long.webm')
  await writeLooped(fixture('sample-vp9-opus.webm'), webm, new WebMOutputFormat(), bytes)
  return {
    moovFirst: { path: first, type: MP4 },
    moovLast: { path: last, type: MP4 },
    webm: { path: webm, type: WEBM }
  }
}

function fixture(name: string): string {
  return join(FIXTURES, name)
}
