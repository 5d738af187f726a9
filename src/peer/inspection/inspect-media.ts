import { imageDimensionsFromData } from 'image-dimensions'
import {
  CustomSource,
  FLAC,
  Input,
  type InputAudioTrack,
  type InputVideoTrack,
  MATROSKA,
  MP3,
  MP4,
  OGG,
  QTFF,
  WAVE,
  WEBM
} from 'mediabunny'
import type { MediaFacts } from '../content/media-facts.ts'
import { posterType } from '../content/poster.ts'
import { BoundedFile } from './bounded-file.ts'
import { locateIndex } from './mp4-boxes.ts'

/** What an inspection finds. Not validated: `factsOf` does that. */
export interface Inspection {
  facts: MediaFacts
  /** A picture that the file brings: the cover of a song. */
  cover?: Uint8Array
}

const FORMATS = [MP4, QTFF, WEBM, MATROSKA, MP3, OGG, WAVE, FLAC]

/** Types that are made of the boxes of ISO 14496-12. */
const HAS_BOXES = /^(?:video\/(?:mp4|quicktime|3gpp2?)|audio\/mp4)$/

/** Bytes that may be read of a file: enough for the index of one of 64 GiB. */
const MAX_READ = 64 * 1024 * 1024
/** Where the dimensions of an image are found, whatever a camera wrote before them. */
const IMAGE_HEAD = 512 * 1024
/** Frames whose pace tells the frame rate. */
const FRAMES_LOOKED_AT = 60

/**
 * Reads the headers of a file, and yields what it finds as it finds it, what is quickest first. For a thread of its own: a parser may
 * take for ever over what a stranger made. What cannot be found out is left out.
 */
export async function* inspectMedia(path: string, mimeType: string): AsyncGenerator<Partial<Inspection>> {
  const file = await BoundedFile.open(path, MAX_READ)
  try {
    if (mimeType.startsWith('image/')) yield await imageFacts(file)
    else yield* containerFacts(file, mimeType)
  } finally {
    await file.close()
  }
}

async function imageFacts(file: BoundedFile): Promise<Partial<Inspection>> {
  const dimensions = imageDimensionsFromData(await file.read(0, IMAGE_HEAD))
  return dimensions ? { facts: { width: dimensions.width, height: dimensions.height } } : {}
}

async function* containerFacts(file: BoundedFile, mimeType: string): AsyncGenerator<Partial<Inspection>> {
  if (HAS_BOXES.test(mimeType)) yield { facts: (await known(() => locateIndex(file))) ?? {} }
  const source = new CustomSource({
    getSize: () => file.size,
    read: (start, end) => file.read(start, end),
    prefetchProfile: 'fileSystem',
    handleUnhandledError: () => undefined
  })
  using input = new Input({ source, formats: FORMATS })
  if (!(await known(() => input.canRead()))) return
  const video = await known(() => input.getPrimaryVideoTrack())
  const audio = await known(() => input.getPrimaryAudioTrack())
  if (!video && !audio) return
  yield { facts: await trackFacts(video, audio) }
  yield { facts: present({ durationSeconds: await durationOf(input) }) }
  if (video) yield { facts: present({ frameRate: await frameRateOf(video) }) }
  yield await coverOf(input)
}

async function trackFacts(
  video: InputVideoTrack | null | undefined,
  audio: InputAudioTrack | null | undefined
): Promise<MediaFacts> {
  const tracks = [video, audio]
  const codecs = await Promise.all(tracks.map(track => known(() => track?.getCodecParameterString())))
  return present({
    codecs: codecs.filter(codec => codec).join(', ') || undefined,
    width: await known(() => video?.getDisplayWidth()),
    height: await known(() => video?.getDisplayHeight()),
    hasAudio: audio === undefined ? undefined : audio !== null,
    audioChannels: await known(() => audio?.getNumberOfChannels()),
    audioSampleRate: await known(() => audio?.getSampleRate())
  })
}

/** What the headers say; else what the packets say, where that takes little reading. */
async function durationOf(input: Input): Promise<number | undefined> {
  const stated = await known(() => input.getDurationFromMetadata())
  return stated || (await known(() => input.computeDuration())) || undefined
}

async function frameRateOf(track: InputVideoTrack): Promise<number | undefined> {
  const stats = await known(() => track.computePacketStats(FRAMES_LOOKED_AT))
  return stats && stats.packetCount > 1 ? Math.round(stats.averagePacketRate * 1000) / 1000 : undefined
}

async function coverOf(input: Input): Promise<Partial<Inspection>> {
  const tags = await known(() => input.getMetadataTags())
  const images = (tags?.images ?? []).filter(({ data }) => posterType(data) !== undefined)
  const cover = images.find(({ kind }) => kind === 'coverFront') ?? images[0]
  return cover ? { cover: cover.data } : {}
}

/** Of a damaged file, or one of a kind that the parser does not know, each fact that can be had is had. */
async function known<Value>(find: () => Promise<Value> | undefined): Promise<Value | undefined> {
  try {
    return await find()
  } catch {
    // What cannot be parsed is not known: that is all there is to say of it.
    return undefined
  }
}

function present<Fields extends object>(
  fields: Fields
): { [Key in keyof Fields]?: NonNullable<Fields[Key]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  return Object.fromEntries(entries) as { [Key in keyof Fields]?: NonNullable<Fields[Key]> }
}
