import * as v from 'valibot'
import { TAG_LENGTH } from '../content/chunk-cipher.ts'
import { MAX_BYTE_LENGTH, MAX_CHUNK_SIZE } from '../content/geometry.ts'
import { MAX_MANIFEST_BYTES } from '../content/manifest.ts'
import { HASH_LENGTH } from '../content/merkle-tree.ts'
import { PeerError } from '../errors.ts'
import type { Message } from '../wire/frame-codec.ts'
import type { Hello } from '../wire/hello.ts'
import { bytesUpTo, integer, listUpTo, parseMessage, piecesUpTo, textUpTo } from '../wire/message-schema.ts'
import { MAX_INTRODUCED } from './introductions.ts'

/** Manifest, leaves and chunks of one video over one stream. */
export const CHUNK_PROTOCOL = '/chordcast/chunk/1'
/** Largest number of chunks that a video can have. */
export const MAX_CHUNK_COUNT = MAX_BYTE_LENGTH / MAX_CHUNK_SIZE
/** Payload of one SLICE that every peer takes, at most. */
export const DEFAULT_SLICE_BYTES = 64 * 1024
/** … and at most to a peer whose HELLO asks for larger ones: a sealed chunk of the smallest size. */
export const MAX_SLICE_BYTES = 256 * 1024 + TAG_LENGTH
/** No HELLO can ask for less. */
const MIN_SLICE_BYTES = 32 * 1024
export const CHUNK_HELLO: Hello = { versions: [1], features: [], limits: { slice: MAX_SLICE_BYTES } }
/** Leaves in one page at most. */
export const MAX_LEAVES_PER_PAGE = (64 * 1024) / HASH_LENGTH
/** Indices in one HAVE MORE at most; beyond that the whole set is shorter. */
export const MAX_GAINED_INDICES = 1024
/** Bytes of one answer at most: a manifest or a slice is the longest. */
export const MAX_ANSWER_BYTES = Math.max(MAX_MANIFEST_BYTES, MAX_SLICE_BYTES) + 1024
/** Bytes of one request at most: the set of chunks that the asking side holds is the longest. */
export const MAX_REQUEST_BYTES = 32 * 1024

/** Addresses of one peer that are told to others at most, and the length of each. */
export const MAX_PEER_ADDRESSES = 8
const MAX_ADDRESS_LENGTH = 256
const MAX_PEER_ID_LENGTH = 128

const request = integer(0, 2 ** 32)
const index = integer(0, MAX_CHUNK_COUNT - 1)

const haveSchema = v.looseObject({
  type: v.literal('have'),
  count: integer(0, MAX_CHUNK_COUNT),
  /** See `Bitfield.toBytes`. */
  bits: bytesUpTo(MAX_CHUNK_COUNT / 8)
})
const haveMoreSchema = v.looseObject({
  type: v.literal('have-more'),
  indices: listUpTo(index, MAX_GAINED_INDICES)
})

/** Multiaddrs as text. Whoever reads them decides which to dial. */
const addresses = listUpTo(textUpTo(MAX_ADDRESS_LENGTH), MAX_PEER_ADDRESSES)

/** What the side that opened the stream may send. */
const requestSchema = v.variant('type', [
  haveSchema,
  haveMoreSchema,
  /** Where it can be dialled by the other peers that fetch this video, who are told so. Comes once. */
  v.looseObject({ type: v.literal('reachable'), addresses }),
  v.looseObject({ type: v.literal('manifest-request'), request }),
  v.looseObject({
    type: v.literal('leaves-request'),
    request,
    first: index,
    count: integer(1, MAX_LEAVES_PER_PAGE)
  }),
  v.looseObject({ type: v.literal('want'), request, index }),
  v.looseObject({ type: v.literal('cancel'), request })
])

/** What the side that serves may send. */
const answerSchema = v.variant('type', [
  haveSchema,
  haveMoreSchema,
  /** Other peers that fetch this video. */
  v.looseObject({
    type: v.literal('peers'),
    peers: listUpTo(v.looseObject({ peerId: textUpTo(MAX_PEER_ID_LENGTH), addresses }), MAX_INTRODUCED)
  }),
  /** More chunks to ask for; others only while a player waits for them, until `offer-all`. */
  v.looseObject({ type: v.literal('offer'), indices: listUpTo(index, MAX_GAINED_INDICES) }),
  v.looseObject({ type: v.literal('offer-all') }),
  v.looseObject({ type: v.literal('manifest'), request, data: bytesUpTo(MAX_MANIFEST_BYTES) }),
  v.looseObject({ type: v.literal('leaves'), request, data: bytesUpTo(MAX_LEAVES_PER_PAGE * HASH_LENGTH) }),
  v.looseObject({
    type: v.literal('slice'),
    request,
    /** Where in the sealed chunk `data` begins. Slices of a chunk come in order. */
    offset: integer(0, 2 * MAX_CHUNK_SIZE),
    data: piecesUpTo(MAX_SLICE_BYTES),
    last: v.optional(v.boolean())
  }),
  v.looseObject({ type: v.literal('busy'), request, /** Milliseconds. */ retryAfter: integer(0, 600_000) }),
  v.looseObject({ type: v.literal('failed'), request, code: textUpTo(64) }),
  /** Transfers that the serving side is busy with, of how many at most. */
  v.looseObject({ type: v.literal('load'), active: integer(0, 1_000_000), limit: integer(1, 1_000_000) })
])

export type ChunkRequest = v.InferOutput<typeof requestSchema>
export type ChunkAnswer = v.InferOutput<typeof answerSchema>
export type HaveMessage = v.InferOutput<typeof haveSchema>
export type HaveMoreMessage = v.InferOutput<typeof haveMoreSchema>
export type SliceMessage = Extract<ChunkAnswer, { type: 'slice' }>

const REQUEST_TYPES = typesOf(requestSchema)
const ANSWER_TYPES = typesOf(answerSchema)

/**
 * Reads what the asking side sent; undefined for a message of a later version that may be ignored.
 * @throws PeerError FRAME_INVALID, UPGRADE_NEEDED when a message that we do not know is critical
 */
export function parseRequest(message: Message): ChunkRequest | undefined {
  return isKnown(message, REQUEST_TYPES) ? parseMessage(requestSchema, message) : undefined
}

/** The same for what the serving side sent. */
export function parseAnswer(message: Message): ChunkAnswer | undefined {
  return isKnown(message, ANSWER_TYPES) ? parseMessage(answerSchema, message) : undefined
}

/** Whether an answer is a slice, whose payload is copied to its place in the chunk piece by piece. */
export function isSlice(message: Message): boolean {
  return message.type === 'slice'
}

/** Payload of a slice that a peer takes, by its HELLO. */
export function sliceLimit({ limits }: Hello): number {
  return Math.max(MIN_SLICE_BYTES, Math.min(MAX_SLICE_BYTES, limits.slice ?? DEFAULT_SLICE_BYTES))
}

function isKnown(message: Message, types: ReadonlySet<unknown>): boolean {
  const critical = message.critical
  if (critical !== undefined && !(Array.isArray(critical) && critical.length === 0)) {
    throw new PeerError(
      'UPGRADE_NEEDED',
      'That peer speaks a newer Chordcast. Update the extension to talk to it.'
    )
  }
  return typeof message.type !== 'string' || types.has(message.type)
}

function typesOf(schema: typeof requestSchema | typeof answerSchema): ReadonlySet<unknown> {
  return new Set(schema.options.map(option => option.entries.type.literal))
}
