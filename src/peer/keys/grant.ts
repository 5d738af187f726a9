import type { KeyObject } from 'node:crypto'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import * as v from 'valibot'
import type { Digest } from '../api.ts'
import { type ContentKeys, deriveContentKeys, KEY_LENGTH } from '../content/content-key.ts'
import type { Manifest } from '../content/manifest.ts'
import { decodeSigned, encodeSigned, type SignedFormat } from '../content/signed-object.ts'
import { PeerError } from '../errors.ts'
import { bytesOf, bytesUpTo, integer, textUpTo } from '../wire/message-schema.ts'
import { publicKeyFromBytes, type Signer, verifyPayload } from '../wire/signature.ts'
import {
  encryptionKeyHash,
  parseEncryptionKey,
  unwrapContentKey,
  WRAP_ALGORITHM,
  wrapContentKey
} from './encryption-key.ts'
import { type KeyRequest, REQUEST_NONCE_LENGTH } from './key-request.ts'

const HOUR = 3_600_000
/** Largest grant, in bytes. */
export const MAX_GRANT_BYTES = 4096
/** How long a grant is good for unless its policy ends sooner, in milliseconds. It answers one request, so this is ample. */
export const GRANT_LIFETIME = 24 * HOUR
/** How far two clocks may differ, in milliseconds. */
export const CLOCK_SKEW = 24 * HOUR

const schema = v.looseObject({
  digest: bytesOf(32),
  receiver: textUpTo(128),
  keyHash: bytesOf(32),
  nonce: bytesOf(REQUEST_NONCE_LENGTH),
  issued: integer(),
  expires: integer(),
  algorithm: textUpTo(32),
  wrapped: bytesUpTo(512),
  granter: bytesUpTo(640)
})
type GrantFields = v.InferOutput<typeof schema>

const format: SignedFormat<typeof schema> = {
  type: 'grant',
  version: 1,
  maxBytes: MAX_GRANT_BYTES,
  schema,
  invalid: (detail, cause) =>
    new PeerError(
      'GRANT_INVALID',
      `A peer answered with a key that cannot be used: ${detail}. Another one is asked.`,
      {
        cause
      }
    )
}

/** What a granter decides. */
export interface GrantDraft {
  /** A request that `verifyKeyRequest` returned. */
  request: KeyRequest
  contentKey: Uint8Array
  /** Milliseconds since the epoch. */
  now: number
  /** When the policy ends, if it does. */
  expires?: number
}

/** Encodes a grant: the content key wrapped for the one who asked, signed by the granter's identity key. */
export function createGrant(
  { request, contentKey, now, expires }: GrantDraft,
  granter: Signer
): Promise<Uint8Array> {
  const receiverKey = parseEncryptionKey(request.encryptionKey)
  const fields = {
    digest: Buffer.from(request.digest, 'hex'),
    receiver: request.receiverPeerId,
    keyHash: request.encryptionKeyHash,
    nonce: request.nonce,
    issued: now,
    expires: Math.min(now + GRANT_LIFETIME, expires ?? Number.POSITIVE_INFINITY),
    algorithm: WRAP_ALGORITHM,
    wrapped: wrapContentKey(contentKey, receiverKey, grantLabel(request.digest, request.encryptionKeyHash)),
    granter: granter.publicKey
  }
  return encodeSigned(format, fields, granter)
}

/** What the receiver knows of its own request. */
export interface ExpectedGrant {
  digest: Digest
  receiverPeerId: string
  nonce: Uint8Array
  /** SPKI DER of the encryption key that the request named. */
  encryptionKey: Uint8Array
  /** Its private half. */
  privateKey: KeyObject
  /** Verified: see `verifyManifest`. */
  manifest: Pick<Manifest, 'commitment' | 'granters' | 'ownerPublicKey'>
  /** Milliseconds since the epoch. */
  now: number
}

/** A key that is proven to be the one that the manifest commits to. */
export interface OpenedGrant {
  contentKey: Uint8Array
  keys: ContentKeys
  granterPeerId: string
  expires: number
}

/**
 * Reads the answer to one's own request and unwraps the key.
 * @throws PeerError GRANT_INVALID when it is for another video, receiver, key or request, has expired, comes from the future,
 * comes from someone who may not grant, or holds another key than the manifest commits to; SIGNATURE_INVALID; UPGRADE_NEEDED
 */
export async function openGrant(bytes: Uint8Array, expected: ExpectedGrant): Promise<OpenedGrant> {
  const { fields, payload, signature } = decodeSigned(format, bytes)
  const granter = publicKeyFromBytes(fields.granter)
  if (!(await verifyPayload(fields.granter, format.type, format.version, payload, signature))) {
    throw new PeerError(
      'SIGNATURE_INVALID',
      'A peer answered with a grant that it did not sign. Another one is asked.'
    )
  }
  if (fields.algorithm !== WRAP_ALGORITHM) {
    throw new PeerError('UPGRADE_NEEDED', 'The key is wrapped in a newer way. Update Chordcast to open it.')
  }
  requireOurs(fields, expected)
  requireTimely(fields, expected.now)
  requireMayGrant(fields, expected)
  const contentKey = unwrap(fields, expected)
  const keys = requireCommitted(contentKey, expected)
  return { contentKey, keys, granterPeerId: peerIdFromPublicKey(granter).toString(), expires: fields.expires }
}

function requireOurs(fields: GrantFields, expected: ExpectedGrant): void {
  const isOurs =
    Buffer.from(fields.digest).toString('hex') === expected.digest &&
    fields.receiver === expected.receiverPeerId &&
    isEqual(fields.keyHash, encryptionKeyHash(expected.encryptionKey)) &&
    isEqual(fields.nonce, expected.nonce)
  if (!isOurs) throw format.invalid('it answers another request')
}

function requireTimely({ issued, expires }: GrantFields, now: number): void {
  if (expires <= issued) throw format.invalid('its times contradict each other')
  if (issued > now + CLOCK_SKEW)
    throw format.invalid('it comes from the future; check the clock of both machines')
  if (expires < now - CLOCK_SKEW) throw format.invalid('it has expired; check the clock of both machines')
}

function requireMayGrant(fields: GrantFields, { manifest }: ExpectedGrant): void {
  const mayGrant = manifest.granters === 'holders' || isEqual(fields.granter, manifest.ownerPublicKey)
  if (!mayGrant) throw format.invalid('only the owner may grant this video')
}

function unwrap(fields: GrantFields, expected: ExpectedGrant): Uint8Array {
  const label = grantLabel(expected.digest, fields.keyHash)
  const contentKey = unwrapContentKey(fields.wrapped, expected.privateKey, label)
  if (contentKey?.length !== KEY_LENGTH) throw format.invalid('it does not open')
  return contentKey
}

function requireCommitted(contentKey: Uint8Array, { manifest }: ExpectedGrant): ContentKeys {
  const keys = deriveContentKeys(contentKey)
  if (!isEqual(keys.commitment, manifest.commitment)) throw format.invalid('it is the key of another video')
  return keys
}

/** The OAEP label: digest ‖ receiver key hash, both as 32 bytes. */
function grantLabel(digest: Digest, keyHash: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(digest, 'hex'), keyHash])
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
