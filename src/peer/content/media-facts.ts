import * as v from 'valibot'
import { integer, textUpTo } from '../wire/message-schema.ts'

/** Half-open range of bytes. */
export interface ByteSpan {
  start: number
  end: number
}

/** What the headers of a file tell, as the owner's peer read them at share time: shown, and used to plan, never trusted. */
export interface MediaFacts {
  durationSeconds?: number
  /** As shown, turned and stretched as the file says; in pixels. */
  width?: number
  height?: number
  /** Frames a second, averaged. */
  frameRate?: number
  /** Picture first, then sound, as in the `codecs` parameter of RFC 6381. */
  codecs?: string
  /** Whether there is sound; absent when that is not known. */
  hasAudio?: boolean
  audioChannels?: number
  /** In Hz. */
  audioSampleRate?: number
  /** The bytes that a player needs before it can show or seek anything: the `moov` box of an MP4. */
  indexRange?: ByteSpan
  /** Those bytes come after the media, so that a player asks for them before anything else. */
  indexAtEnd?: boolean
}

const dimension = integer(1, 65_535)

/** How each fact must look, in the metadata and in the library. */
export const mediaFactsEntries = {
  durationSeconds: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(1e9))),
  width: v.optional(dimension),
  height: v.optional(dimension),
  frameRate: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0), v.maxValue(1000))),
  codecs: v.optional(textUpTo(200)),
  hasAudio: v.optional(v.boolean()),
  audioChannels: v.optional(integer(1, 255)),
  audioSampleRate: v.optional(integer(1, 1_000_000)),
  indexRange: v.optional(
    v.pipe(
      v.object({ start: integer(), end: integer() }),
      v.check(({ start, end }) => start < end)
    )
  ),
  indexAtEnd: v.optional(v.boolean())
}

const factSchema = v.object(mediaFactsEntries)

/** The facts among the fields of `source`, each as long as it is present and sound. */
export function factsOf(source: Readonly<Record<keyof MediaFacts, unknown>> | MediaFacts): MediaFacts {
  const sound = Object.entries(factSchema.entries).flatMap(([name, schema]) => {
    const value = source[name as keyof MediaFacts]
    return value !== undefined && v.is(schema, value) ? [[name, value]] : []
  })
  return Object.fromEntries(sound) as MediaFacts
}
