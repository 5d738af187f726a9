import { publicKeyFromProtobuf } from '@libp2p/crypto/keys'
import type { PublicKey } from '@libp2p/interface'
import { PeerError } from '../errors.ts'

export type SignatureAlgorithm = 'rsa-sha256' | 'ed25519'

/** Whoever signs: a peer's identity key, or an announce key. */
export interface Signer {
  readonly algorithm: SignatureAlgorithm
  /** libp2p's protobuf encoding of the public key (libp2p specs, peer-ids). */
  readonly publicKey: Uint8Array
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

export interface Signature {
  algorithm: SignatureAlgorithm
  signature: Uint8Array
}

/** Signs `chordcast/<type>/<version>` ‖ `payload`, so that a signature of one type never passes for another. */
export async function signPayload(
  signer: Signer,
  type: string,
  version: number,
  payload: Uint8Array
): Promise<Signature> {
  return { algorithm: signer.algorithm, signature: await signer.sign(signedBytes(type, version, payload)) }
}

/**
 * Whether `signature` over exactly `payload` was made by the holder of `publicKey` (libp2p protobuf) with the algorithm that
 * it names. Never throws for what a peer sent.
 */
export async function verifyPayload(
  publicKey: Uint8Array,
  type: string,
  version: number,
  payload: Uint8Array,
  { algorithm, signature }: Signature
): Promise<boolean> {
  const key = parsePublicKey(publicKey)
  if (!key || algorithmOf(key) !== algorithm) return false
  try {
    return await key.verify(signedBytes(type, version, payload), signature)
  } catch {
    // The key library throws for signatures of a wrong length.
    return false
  }
}

/**
 * The key in its libp2p protobuf form; only RSA (2048 to 4096 bits) and Ed25519 are ours.
 * @throws PeerError SIGNATURE_INVALID
 */
export function publicKeyFromBytes(publicKey: Uint8Array): PublicKey {
  const key = parsePublicKey(publicKey)
  if (!key)
    throw new PeerError('SIGNATURE_INVALID', 'A peer named a key of an unknown kind. Update the extension.')
  return key
}

const MAX_PUBLIC_KEY_BYTES = 640

function parsePublicKey(bytes: Uint8Array): PublicKey | undefined {
  if (bytes.length > MAX_PUBLIC_KEY_BYTES) return undefined
  try {
    const key = publicKeyFromProtobuf(bytes)
    return algorithmOf(key) ? key : undefined
  } catch {
    // Malformed keys are answered like unknown ones: the caller treats both as "not signed by a key of ours".
    return undefined
  }
}

function algorithmOf(key: PublicKey): SignatureAlgorithm | undefined {
  if (key.type === 'RSA') return isStrongRsa(key.jwk) ? 'rsa-sha256' : undefined
  return key.type === 'Ed25519' ? 'ed25519' : undefined
}

/** 2048 to 4096 bits, and the usual exponent: a short key is forged, an odd one costs us time. */
function isStrongRsa({ n, e }: JsonWebKey): boolean {
  const modulusBytes = Buffer.from(n ?? '', 'base64url').length
  return modulusBytes >= 256 && modulusBytes <= 512 && e === 'AQAB'
}

function signedBytes(type: string, version: number, payload: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`chordcast/${type}/${version}`), payload])
}
