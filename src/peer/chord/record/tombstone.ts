import type { PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import * as v from 'valibot'
import { encodeCanonical } from '../../wire/canonical.ts'
import { bytesUpTo, integer } from '../../wire/message-schema.ts'
import { publicKeyFromBytes, type Signer } from '../../wire/signature.ts'
import { TOMBSTONE_TTL } from '../constants.ts'
import { type AnnounceKey, decodePayload, dhtKeyOf, signRecord } from './provider-record.ts'
import type { SignedRecord } from './signed-record.ts'

/**
 * The owner's word that a video is no longer shared. Storing members cannot know who the owner is: a reader believes a
 * tombstone only from the owner that the manifest names, and else only about its author's own record.
 */
export interface Tombstone {
  /** 32 bytes. */
  key: Uint8Array
  announcePublicKey: Uint8Array
  owner: PeerId
  /** libp2p protobuf. */
  ownerPublicKey: Uint8Array
  /** Grows with each version. */
  sequence: number
  /** Milliseconds since the epoch on the owner's clock. */
  issued: number
}

export const TOMBSTONE_TYPE = 'tombstone'
export const TOMBSTONE_VERSION = 1

const payloadSchema = v.looseObject({
  version: v.literal(TOMBSTONE_VERSION),
  announceKey: bytesUpTo(64),
  owner: bytesUpTo(640),
  sequence: integer(1),
  issued: integer()
})

/** Makes a tombstone, signed by the owner's identity and by the announce key. */
export async function signTombstone(
  draft: { sequence: number; issued: number },
  owner: Signer,
  announceKey: AnnounceKey
): Promise<SignedRecord> {
  const payload = encodeCanonical({
    version: TOMBSTONE_VERSION,
    announceKey: announceKey.publicKey,
    owner: owner.publicKey,
    sequence: draft.sequence,
    issued: draft.issued
  })
  return signRecord('tombstone', TOMBSTONE_TYPE, TOMBSTONE_VERSION, payload, owner, announceKey)
}

/** Whether its 30 days are over, `now` being milliseconds since the epoch: nobody accepts it any more. */
export function isExpired({ issued }: Pick<Tombstone, 'issued'>, now: number): boolean {
  return now - issued > TOMBSTONE_TTL
}

/**
 * Reads a tombstone without checking its signatures.
 * @throws PeerError RECORD_INVALID
 */
export function decodeTombstone(signed: SignedRecord): Tombstone {
  const payload = decodePayload(payloadSchema, signed)
  return {
    key: dhtKeyOf(payload.announceKey),
    announcePublicKey: payload.announceKey,
    owner: peerIdFromPublicKey(publicKeyFromBytes(payload.owner)),
    ownerPublicKey: payload.owner,
    sequence: payload.sequence,
    issued: payload.issued
  }
}
