import {
  constants,
  createHash,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt
} from 'node:crypto'
import { PeerError } from '../errors.ts'

/** How a content key is wrapped for a receiver. Named in each grant, so that another can follow. */
export const WRAP_ALGORITHM = 'rsa-oaep-sha256'
/** Largest SPKI encoding of an encryption key that is looked at, in bytes (RSA-4096 has 550). */
export const MAX_ENCRYPTION_KEY_BYTES = 640

const MIN_MODULUS_BITS = 2048
const MAX_MODULUS_BITS = 4096
const PUBLIC_EXPONENT = 65_537n

/**
 * A receiver's public encryption key from SPKI DER: RSA of 2048 to 4096 bits with the usual exponent, so that wrapping for
 * a stranger costs a known amount of work.
 * @throws PeerError PROTOCOL_VIOLATION
 */
export function parseEncryptionKey(spki: Uint8Array): KeyObject {
  const key = spki.length <= MAX_ENCRYPTION_KEY_BYTES ? importSpki(spki) : undefined
  const { modulusLength = 0, publicExponent } = key?.asymmetricKeyDetails ?? {}
  const isAccepted =
    key?.asymmetricKeyType === 'rsa' &&
    modulusLength >= MIN_MODULUS_BITS &&
    modulusLength <= MAX_MODULUS_BITS &&
    publicExponent === PUBLIC_EXPONENT
  if (!isAccepted) throw invalidKey()
  // One key, one hash: an encoding that says the same in other bytes is refused.
  if (Buffer.compare(key.export({ type: 'spki', format: 'der' }), spki) !== 0) throw invalidKey()
  return key
}

function importSpki(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch (cause) {
    throw invalidKey(cause)
  }
}

function invalidKey(cause?: unknown): PeerError {
  return new PeerError('PROTOCOL_VIOLATION', 'A peer sent an encryption key that cannot be used.', { cause })
}

/** SHA-256 of the SPKI DER: names an encryption key in grants and OAEP labels. */
export function encryptionKeyHash(spki: Uint8Array): Uint8Array {
  return createHash('sha256').update(spki).digest()
}

/**
 * RSA-OAEP (RFC 8017, SHA-256 for both hash and mask) of a content key.
 * @param label what the receiver must present again to unwrap; authenticated, not sent
 */
export function wrapContentKey(contentKey: Uint8Array, receiver: KeyObject, label: Uint8Array): Uint8Array {
  return publicEncrypt(oaep(receiver, label), contentKey)
}

/** The content key again, or undefined when key, label or bytes are not the right ones. */
export function unwrapContentKey(
  wrapped: Uint8Array,
  privateKey: KeyObject,
  label: Uint8Array
): Uint8Array | undefined {
  try {
    return privateDecrypt(oaep(privateKey, label), wrapped)
  } catch {
    // OAEP must not tell why it failed (Manger 2001); the caller reports one reason for all.
    return undefined
  }
}

function oaep(key: KeyObject, label: Uint8Array) {
  // Node's default hash is SHA-1: it must be named.
  return { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel: label }
}
