import { multiaddr } from '@multiformats/multiaddr'
import * as v from 'valibot'
import { Bitfield, type IndexRange } from '../content/bitfield.ts'
import { PeerError } from '../errors.ts'
import { decodeCanonical, encodeCanonical } from '../wire/canonical.ts'
import { integer, listUpTo, textUpTo } from '../wire/message-schema.ts'
import { refuseLaterVersion } from './later-version.ts'

/** Version of the format. */
const HINT_VERSION = 1

/** Largest encoded hint. */
export const MAX_HINT_BYTES = 3072
/** Ranges of chunks in one list of a hint. */
export const MAX_HINT_RANGES = 64
export const MAX_HINT_ADDRESSES = 4
const MAX_ADDRESS_LENGTH = 128
/** Chunks of the largest video, and room. */
const MAX_CHUNK_COUNT = 1 << 20

/** Transfers that a peer serves, of how many at most. */
export interface HintedLoad {
  active: number
  limit: number
}

/**
 * What a peer tells about itself and one video. The topic names the video and the message's signature the peer, so neither
 * stands in it.
 */
export interface Hint {
  /** Grows with each hint of its author: milliseconds since the epoch on the author's clock, or one more than the last. */
  sequence: number
  /** Chunks of the video; 0 while the author does not know. */
  count: number
  /** How many of them the author holds. */
  have: number
  /** What it gained since its last hint, or answers with. At most 64 ranges: the rest comes with the next hint. */
  ranges: readonly IndexRange[]
  /** Where the author can be dialled: at most four multiaddrs, each ending in its own `/p2p/<peer id>`. */
  addresses: readonly string[]
  load: HintedLoad
  /** The author stops serving this video. */
  leaving: boolean
  /** The author looks for holders of these chunks, or of any if the list is empty. Absent: it does not ask. */
  wanted?: readonly IndexRange[]
}

const ranges = listUpTo(v.tuple([integer(), integer(0, MAX_CHUNK_COUNT)]), MAX_HINT_RANGES)

const hintSchema = v.looseObject({
  version: v.literal(HINT_VERSION),
  sequence: integer(1),
  count: integer(0, MAX_CHUNK_COUNT),
  have: integer(0, MAX_CHUNK_COUNT),
  ranges,
  addresses: listUpTo(textUpTo(MAX_ADDRESS_LENGTH), MAX_HINT_ADDRESSES),
  active: integer(0, 65_535),
  limit: integer(1, 65_535),
  leaving: v.boolean(),
  wanted: v.optional(ranges)
})

/** The canonical bytes of a hint. Addresses that are too long are left out. */
export function encodeHint({ load, ranges, addresses, wanted, ...rest }: Hint): Uint8Array {
  return encodeCanonical({
    version: HINT_VERSION,
    ...rest,
    ranges: ranges.map(range => [...range]),
    addresses: addresses.filter(address => address.length <= MAX_ADDRESS_LENGTH).slice(0, MAX_HINT_ADDRESSES),
    ...load,
    ...(wanted ? { wanted: wanted.map(range => [...range]) } : {})
  })
}

/**
 * Reads and checks a hint of `author`. Unknown fields are ignored.
 * @throws PeerError FRAME_TOO_LARGE, FRAME_INVALID; UPGRADE_NEEDED for a later version
 */
export function decodeHint(bytes: Uint8Array, author: string): Hint {
  const value = decodeCanonical(bytes, { maxBytes: MAX_HINT_BYTES })
  refuseLaterVersion(value, HINT_VERSION)
  const result = v.safeParse(hintSchema, value)
  if (!result.success) throw invalid(v.getDotPath(result.issues[0]) ?? 'its shape')
  const { sequence, count, have, ranges, addresses, active, limit, leaving, wanted } = result.output
  if (have > count) throw invalid('more chunks than there are')
  if (sizeOf(ranges, count) > have) throw invalid('its ranges')
  if (wanted) sizeOf(wanted, count)
  if (!addresses.every(address => leadsTo(address, author))) throw invalid('its addresses')
  const load = { active, limit }
  return { sequence, count, have, ranges, addresses, load, leaving, ...(wanted ? { wanted } : {}) }
}

/** Chunks in ranges that are in order, apart, not empty and below `count`. */
function sizeOf(ranges: readonly IndexRange[], count: number): number {
  let previous = -1
  let size = 0
  for (const [start, end] of ranges) {
    if (start <= previous || end <= start || end > count) throw invalid('its ranges')
    size += end - start
    previous = end
  }
  return size
}

function leadsTo(address: string, author: string): boolean {
  try {
    const last = multiaddr(address).getComponents().at(-1)
    return last?.name === 'p2p' && last.value === author
  } catch {
    // Not a multiaddr, which is the answer.
    return false
  }
}

/** What of `wanted` is in `have`; all of `have` where nothing in particular is wanted. */
export function heldOf(wanted: readonly IndexRange[], have: Bitfield): Bitfield {
  if (wanted.length === 0) return have
  const known = wanted.filter(([, end]) => end <= have.length)
  return have.and(Bitfield.fromRanges(have.length, known))
}

function invalid(what: string): PeerError {
  return new PeerError('FRAME_INVALID', `A peer sent a hint that does not fit the protocol (${what}).`)
}
