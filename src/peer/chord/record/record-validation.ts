import type { Clock } from '../../clock.ts'
import { CLOCK_TOLERANCE, TOMBSTONE_TTL } from '../constants.ts'
import { positionFromBytes, positionToHex, type RingPosition } from '../ring-position.ts'
import {
  decodeProviderRecord,
  invalidRecord,
  isRecordSigned,
  PROVIDER_RECORD_TYPE,
  PROVIDER_RECORD_VERSION,
  type ProviderRecord,
  type VerifySignature
} from './provider-record.ts'
import type { SignedRecord } from './signed-record.ts'
import { decodeTombstone, isExpired, TOMBSTONE_TYPE, TOMBSTONE_VERSION, type Tombstone } from './tombstone.ts'

/** A record that was read, with what a store needs to know of any kind of record. */
export interface ReadRecord {
  signed: SignedRecord
  /** Names the record through all its versions: key, kind, author. Sorts by key. */
  name: string
  key: RingPosition
  author: string
  sequence: number
  /** Longest lifetime in milliseconds. */
  ttl: number
  content: { kind: 'provider'; record: ProviderRecord } | { kind: 'tombstone'; tombstone: Tombstone }
}

/**
 * Reads a record without checking signatures or times: enough to see whether it is known already.
 * @throws PeerError RECORD_INVALID, FRAME_*
 */
export function readRecord(signed: SignedRecord): ReadRecord {
  if (signed.kind === 'provider') {
    const record = decodeProviderRecord(signed)
    const author = record.provider.toString()
    return {
      ...common(signed, record.key, author),
      sequence: record.sequence,
      ttl: record.ttl,
      content: { kind: 'provider', record }
    }
  }
  const tombstone = decodeTombstone(signed)
  return {
    ...common(signed, tombstone.key, tombstone.owner.toString()),
    sequence: tombstone.sequence,
    ttl: TOMBSTONE_TTL,
    content: { kind: 'tombstone', tombstone }
  }
}

/**
 * Checks signed times and both signatures.
 * @throws PeerError RECORD_INVALID
 */
export async function validateRecord(read: ReadRecord, clock: Clock, verify: VerifySignature): Promise<void> {
  const { content, signed } = read
  const now = clock.now()
  if (content.kind === 'provider') {
    const { issued, providerPublicKey, announcePublicKey } = content.record
    if (Math.abs(now - issued) > CLOCK_TOLERANCE) throw invalidRecord('its time')
    const keys = { author: providerPublicKey, announce: announcePublicKey }
    if (!(await isRecordSigned(signed, PROVIDER_RECORD_TYPE, PROVIDER_RECORD_VERSION, keys, verify))) {
      throw invalidRecord('its signatures')
    }
    return
  }
  const { issued, ownerPublicKey, announcePublicKey } = content.tombstone
  if (issued - now > CLOCK_TOLERANCE || isExpired(content.tombstone, now)) throw invalidRecord('its time')
  const keys = { author: ownerPublicKey, announce: announcePublicKey }
  if (!(await isRecordSigned(signed, TOMBSTONE_TYPE, TOMBSTONE_VERSION, keys, verify))) {
    throw invalidRecord('its signatures')
  }
}

function common(
  signed: SignedRecord,
  keyBytes: Uint8Array,
  author: string
): Pick<ReadRecord, 'signed' | 'name' | 'key' | 'author'> {
  const key = positionFromBytes(keyBytes)
  return { signed, key, author, name: `${positionToHex(key)}/${signed.kind}/${author}` }
}
