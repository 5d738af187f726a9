import { promisify } from 'node:util'
import { deflateRaw, inflateRawSync } from 'node:zlib'
import * as v from 'valibot'
import { bytesUpTo, listUpTo, textUpTo } from '../../wire/message-schema.ts'
import { cleanWebVtt } from './web-vtt.ts'

/** Caption tracks that a video may bring. */
export const MAX_CAPTION_TRACKS = 8
/** All tracks together as they lie in the metadata, deflated; in bytes. */
export const MAX_PACKED_CAPTION_BYTES = 128 * 1024
/** All tracks together as WebVTT; in bytes. Bounds what a hostile sender can make us inflate. */
export const MAX_CAPTION_BYTES = 512 * 1024

/** One track of captions. */
export interface Caption {
  /** As a player lists it: "English", or the file's name. */
  label: string
  /** BCP 47 tag, when the file's name has one. */
  language?: string
  /** The track as WebVTT. */
  vtt: string
}

/** A track as it lies in the metadata. */
export interface PackedCaption {
  label: string
  language?: string
  /** UTF-8 of the WebVTT, raw deflate (RFC 1951). */
  deflated: Uint8Array
}

const deflate = promisify(deflateRaw)

const packedCaption = v.object({
  label: v.pipe(textUpTo(100), v.minLength(1)),
  language: v.optional(v.pipe(textUpTo(35), v.regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/))),
  deflated: bytesUpTo(MAX_PACKED_CAPTION_BYTES)
})

/** Schema of the tracks in the metadata. */
export const packedCaptionsSchema = v.pipe(
  listUpTo(packedCaption, MAX_CAPTION_TRACKS),
  v.check(tracks => packedBytes(tracks) <= MAX_PACKED_CAPTION_BYTES)
)

/** Deflates the tracks that fit, in their order; `leftOut` are the others. */
export async function packCaptions(
  captions: readonly Caption[]
): Promise<{ packed: PackedCaption[]; leftOut: Caption[] }> {
  const packed: PackedCaption[] = []
  const leftOut: Caption[] = []
  let bytes = 0
  for (const caption of captions) {
    const { vtt, ...named } = caption
    const plain = Buffer.from(vtt)
    const track = { ...named, deflated: await deflate(plain, { level: 9 }) }
    const fits =
      packed.length < MAX_CAPTION_TRACKS &&
      bytes + plain.length <= MAX_CAPTION_BYTES &&
      packedBytes([...packed, track]) <= MAX_PACKED_CAPTION_BYTES
    if (fits) {
      packed.push(track)
      bytes += plain.length
    } else leftOut.push(caption)
  }
  return { packed, leftOut }
}

/** Inflates and cleans the tracks. What is no WebVTT, or more than may be inflated, is left out. */
export function unpackCaptions(packed: readonly PackedCaption[]): Caption[] {
  let left = MAX_CAPTION_BYTES
  return packed.flatMap(({ deflated, ...named }) => {
    const plain = inflate(deflated, left)
    left -= plain?.length ?? 0
    const vtt = plain && cleanWebVtt(plain)
    return vtt === undefined ? [] : [{ ...named, vtt }]
  })
}

function inflate(deflated: Uint8Array, maxOutputLength: number): Buffer | undefined {
  if (maxOutputLength <= 0) return undefined
  try {
    return inflateRawSync(deflated, { maxOutputLength })
  } catch {
    // Damaged, or larger than may be: both are left out.
    return undefined
  }
}

function packedBytes(tracks: readonly PackedCaption[]): number {
  return tracks.reduce((sum, { deflated }) => sum + deflated.length, 0)
}
