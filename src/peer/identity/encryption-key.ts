import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { type Signature, type Signer, signPayload, verifyPayload } from '../wire/signature.ts'

const ENDORSEMENT_TYPE = 'encryption-key'
const ENDORSEMENT_VERSION = 1

/** A peer's RSA-2048 key for RSA-OAEP: apart from the identity key, which only signs, so that either can be replaced alone. */
export interface EncryptionKey {
  /** DER, SubjectPublicKeyInfo (RFC 5280). */
  readonly publicKey: Uint8Array
  readonly privateKey: KeyObject
  /** The identity's word that this encryption key is its own. */
  readonly endorsement: Signature
}

/** Makes a key in the thread pool; the event loop stays free. Gives the private key as PKCS #8 DER. */
export async function generateEncryptionKey(): Promise<Uint8Array> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'der' })
}

/** Reads a private key (PKCS #8 DER) with its endorsement. Throws for bytes that hold no RSA key. */
export function importEncryptionKey(pkcs8: Uint8Array, endorsement: Signature): EncryptionKey {
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), type: 'pkcs8', format: 'der' })
  if (privateKey.asymmetricKeyType !== 'rsa') throw new TypeError('The encryption key is no RSA key.')
  return { publicKey: publicHalf(privateKey), privateKey, endorsement }
}

/** The public half (SubjectPublicKeyInfo DER) of a private key in PKCS #8 DER. */
export function publicHalfOf(pkcs8: Uint8Array): Uint8Array {
  return publicHalf(createPrivateKey({ key: Buffer.from(pkcs8), type: 'pkcs8', format: 'der' }))
}

/** Signs an encryption key's public half (SubjectPublicKeyInfo DER) with the identity. */
export function endorseEncryptionKey(identity: Signer, publicKey: Uint8Array): Promise<Signature> {
  return signPayload(identity, ENDORSEMENT_TYPE, ENDORSEMENT_VERSION, publicKey)
}

/**
 * Whether the identity (its public key in libp2p's protobuf form) endorsed this encryption key. Never throws for what a peer
 * sent.
 */
export function isEndorsed(
  identityPublicKey: Uint8Array,
  publicKey: Uint8Array,
  endorsement: Signature
): Promise<boolean> {
  return verifyPayload(identityPublicKey, ENDORSEMENT_TYPE, ENDORSEMENT_VERSION, publicKey, endorsement)
}

function publicHalf(privateKey: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }))
}
