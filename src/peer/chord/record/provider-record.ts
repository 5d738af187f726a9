import { createHash } from 'node:crypto'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import * as v from 'valibot'
import { PeerError } from '../../errors.ts'
import { decodeCanonical, encodeCanonical } from '../../wire/canonical.ts'
import { bytesUpTo, integer, listUpTo, textUpTo } from '../../wire/message-schema.ts'
import { publicKeyFromBytes, type Signer, signPayload, type verifyPayload } from '../../wire/signature.ts'
import {
  MAX_ADDRESS_LENGTH,
  MAX_ADDRESSES,
  MAX_CHUNK_COUNT,
  MAX_RANGES,
  MAX_RECORD_BYTES,
  PROVIDER_RECORD_TTL
} from '../constants.ts'
import type { SignedRecord } from './signed-record.ts'

/** Chunk indices `start` to `end`, `end` not included. */
export type ChunkRange = readonly [start: number, end: number]

/** Signs records of one video; made from its ID, so whoever has it knows the ID. */
export interface AnnounceKey extends Signer {
  /** SHA-256 of `publicKey` as given here (libp2p protobuf): where the video's records are stored. */
  readonly dhtKey: Uint8Array
}

/** Which peer holds which chunks of a video. */
export interface ProviderRecord {
  /** 32 bytes. */
  key: Uint8Array
  announcePublicKey: Uint8Array
  provider: PeerId
  /** libp2p protobuf. */
  providerPublicKey: Uint8Array
  /** Multiaddrs in text form. */
  addresses: string[]
  /** Grows with each version that a provider signs. */
  sequence: number
  /** Milliseconds since the epoch on the provider's clock. */
  issued: number
  /** Lifetime in milliseconds from when a member first stores it. */
  ttl: number
  chunkCount: number
  /** In order, apart from each other. At most 128: a peer with more names its longest. */
  ranges: ChunkRange[]
  /** The provider takes the record back. */
  withdrawn: boolean
}

/** What the signature of a record of this kind covers, besides the payload. */
export const PROVIDER_RECORD_TYPE = 'provider-record'
export const PROVIDER_RECORD_VERSION = 1

/** Checks a signature; injected so that a simulation of thousands of peers need not make keys. */
export type VerifySignature = typeof verifyPayload

const payloadSchema = v.looseObject({
  version: v.literal(PROVIDER_RECORD_VERSION),
  announceKey: bytesUpTo(64),
  provider: bytesUpTo(640),
  addresses: listUpTo(textUpTo(MAX_ADDRESS_LENGTH), MAX_ADDRESSES),
  sequence: integer(1),
  issued: integer(),
  ttl: integer(1, PROVIDER_RECORD_TTL),
  chunkCount: integer(1, MAX_CHUNK_COUNT),
  ranges: listUpTo(v.tuple([integer(), integer()]), MAX_RANGES),
  withdrawn: v.boolean()
})

export interface ProviderRecordDraft {
  addresses: readonly string[]
  sequence: number
  issued: number
  chunkCount: number
  ranges: readonly ChunkRange[]
  withdrawn?: boolean
}

/** Makes a record: encoded once, signed by the provider's identity and by the announce key. */
export async function signProviderRecord(
  draft: ProviderRecordDraft,
  provider: Signer,
  announceKey: AnnounceKey
): Promise<SignedRecord> {
  const payload = encodeCanonical({
    version: PROVIDER_RECORD_VERSION,
    announceKey: announceKey.publicKey,
    provider: provider.publicKey,
    addresses: draft.addresses
      .filter(address => address.length <= MAX_ADDRESS_LENGTH)
      .slice(0, MAX_ADDRESSES),
    sequence: draft.sequence,
    issued: draft.issued,
    ttl: PROVIDER_RECORD_TTL,
    chunkCount: draft.chunkCount,
    ranges: compactRanges(draft.ranges),
    withdrawn: draft.withdrawn ?? false
  })
  return signRecord('provider', PROVIDER_RECORD_TYPE, PROVIDER_RECORD_VERSION, payload, provider, announceKey)
}

/**
 * Reads a record without checking its signatures.
 * @throws PeerError RECORD_INVALID
 */
export function decodeProviderRecord(signed: SignedRecord): ProviderRecord {
  const payload = decodePayload(payloadSchema, signed)
  const ranges = payload.ranges as ChunkRange[]
  if (!areRangesValid(ranges, payload.chunkCount)) throw invalidRecord('its ranges')
  return {
    key: dhtKeyOf(payload.announceKey),
    announcePublicKey: payload.announceKey,
    provider: peerIdFromPublicKey(publicKeyFromBytes(payload.provider)),
    providerPublicKey: payload.provider,
    addresses: payload.addresses,
    sequence: payload.sequence,
    issued: payload.issued,
    ttl: payload.ttl,
    chunkCount: payload.chunkCount,
    ranges,
    withdrawn: payload.withdrawn
  }
}

/** SHA-256 of the announce key's public half. */
export function dhtKeyOf(announcePublicKey: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(announcePublicKey).digest())
}

/** Signs `payload` with both keys. */
export async function signRecord(
  kind: SignedRecord['kind'],
  type: string,
  version: number,
  payload: Uint8Array,
  author: Signer,
  announceKey: Signer
): Promise<SignedRecord> {
  if (payload.length > MAX_RECORD_BYTES) throw invalidRecord('its size')
  const [own, announce] = await Promise.all([
    signPayload(author, type, version, payload),
    signPayload(announceKey, type, version, payload)
  ])
  return {
    kind,
    payload,
    algorithm: own.algorithm,
    signature: own.signature,
    announceSignature: announce.signature
  }
}

/**
 * Reads a payload and checks its shape.
 * @throws PeerError RECORD_INVALID
 */
export function decodePayload<Schema extends v.GenericSchema>(
  schema: Schema,
  signed: SignedRecord
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, decodeCanonical(signed.payload, { maxBytes: MAX_RECORD_BYTES }))
  if (result.success) return result.output
  throw invalidRecord(v.getDotPath(result.issues[0]) ?? 'its shape')
}

export function invalidRecord(what: string): PeerError {
  return new PeerError('RECORD_INVALID', `A record does not fit the protocol (${what}); it is ignored.`)
}

/** Puts ranges in order, joins those that touch, and keeps the longest if there are too many for a record. */
export function compactRanges(ranges: readonly ChunkRange[]): ChunkRange[] {
  const joined: [number, number][] = []
  for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (last && start <= last[1]) last[1] = Math.max(last[1], end)
    else if (start < end) joined.push([start, end])
  }
  if (joined.length <= MAX_RANGES) return joined
  const longest = joined.toSorted((a, b) => b[1] - b[0] - (a[1] - a[0])).slice(0, MAX_RANGES)
  return longest.sort((a, b) => a[0] - b[0])
}

/** How many chunks the ranges cover. */
export function countChunks(ranges: readonly ChunkRange[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0)
}

function areRangesValid(ranges: readonly ChunkRange[], chunkCount: number): boolean {
  let reached = -1
  return ranges.every(([start, end]) => {
    const fits = start > reached && start < end && end <= chunkCount
    reached = end
    return fits
  })
}

/** Whether exactly this payload was signed by the author's identity key and by the announce key. */
export async function isRecordSigned(
  signed: SignedRecord,
  type: string,
  version: number,
  keys: { author: Uint8Array; announce: Uint8Array },
  verify: VerifySignature
): Promise<boolean> {
  const announced = await verify(keys.announce, type, version, signed.payload, {
    algorithm: 'ed25519',
    signature: signed.announceSignature
  })
  if (!announced) return false
  return verify(keys.author, type, version, signed.payload, {
    algorithm: signed.algorithm,
    signature: signed.signature
  })
}
