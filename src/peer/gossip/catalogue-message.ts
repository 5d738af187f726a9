import * as v from 'valibot'
import { parseId } from '../content/content-id.ts'
import { safeFileName } from '../content/file-name.ts'
import { decodeCanonical, encodeCanonical } from '../wire/canonical.ts'
import { bytesOf, integer, listUpTo, parseMessage, textUpTo } from '../wire/message-schema.ts'
import { refuseLaterVersion } from './later-version.ts'

const CATALOGUE_VERSION = 1
/** Largest list of one peer, encoded. */
export const MAX_CATALOGUE_BYTES = 8 * 1024
/** Videos that one peer lists. */
export const MAX_LISTED = 16
const MAX_NAME_LENGTH = 100
const MAX_ID_LENGTH = 128

/** A video that its sharer shows to the whole ring. */
export interface ListedVideo {
  /** The ID: from here on, everybody in the ring can fetch it. */
  id: string
  /** Safe as a file name. */
  name: string
  bytes: number
  /** SHA-256 of the poster, 32 bytes. */
  poster?: Uint8Array
}

/** All that one peer lists; it replaces what that peer listed before. */
export interface CatalogueMessage {
  /** As in a hint. */
  sequence: number
  videos: readonly ListedVideo[]
  /** The author wants to hear what others list. */
  asks: boolean
}

const messageSchema = v.looseObject({
  version: v.literal(CATALOGUE_VERSION),
  sequence: integer(1),
  videos: listUpTo(
    v.looseObject({
      id: textUpTo(MAX_ID_LENGTH),
      name: v.pipe(textUpTo(MAX_NAME_LENGTH), v.minLength(1)),
      bytes: integer(1),
      poster: v.optional(bytesOf(32))
    }),
    MAX_LISTED
  ),
  asks: v.boolean()
})

/** The canonical bytes of a list. Of more than 16 videos the first are taken; names are shortened. */
export function encodeCatalogue({ sequence, videos, asks }: CatalogueMessage): Uint8Array {
  return encodeCanonical({
    version: CATALOGUE_VERSION,
    sequence,
    asks,
    videos: videos.slice(0, MAX_LISTED).map(({ id, name, bytes, poster }) => ({
      id,
      name: shortened(name),
      bytes,
      ...(poster ? { poster } : {})
    }))
  })
}

/**
 * Reads and checks a list. Names are made safe. Unknown fields are ignored.
 * @throws PeerError FRAME_TOO_LARGE, FRAME_INVALID, ID_INVALID; UPGRADE_NEEDED for a later version
 */
export function decodeCatalogue(bytes: Uint8Array): CatalogueMessage {
  const value = decodeCanonical(bytes, { maxBytes: MAX_CATALOGUE_BYTES })
  refuseLaterVersion(value, CATALOGUE_VERSION)
  const { sequence, videos, asks } = parseMessage(messageSchema, value)
  return { sequence, asks, videos: videos.map(listed) }
}

function listed({ id, name, bytes, poster }: ListedVideo & Record<string, unknown>): ListedVideo {
  return { id: parseId(id), name: safeFileName(name), bytes, ...(poster ? { poster } : {}) }
}

// By whole characters: half of a pair would not encode.
function shortened(name: string): string {
  let short = ''
  for (const character of name) {
    if (short.length + character.length > MAX_NAME_LENGTH) break
    short += character
  }
  return short
}
