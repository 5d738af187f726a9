import { createHash } from 'node:crypto'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import {
  type AnnounceKey,
  dhtKeyOf,
  type VerifySignature
} from '../../../src/peer/chord/record/provider-record.ts'
import type { Random } from '../../../src/peer/random.ts'
import { publicKeyFromBytes, type Signer } from '../../../src/peer/wire/signature.ts'

const ED25519_HEADER = [0x08, 0x01, 0x12, 0x20]

/**
 * A signer whose public key has the form of an Ed25519 key, and whose signature is a hash over key and bytes: anybody could
 * forge it, nobody in a simulation does, and thousands cost nothing.
 */
export function simulatedSigner(random: Random): Signer {
  const publicKey = Uint8Array.from([...ED25519_HEADER, ...random.bytes(32)])
  return {
    algorithm: 'ed25519',
    publicKey,
    sign: async bytes => simulatedSignature(publicKey, bytes)
  }
}

export function simulatedAnnounceKey(random: Random): AnnounceKey {
  const signer = simulatedSigner(random)
  return { ...signer, dhtKey: dhtKeyOf(signer.publicKey) }
}

export function peerIdOf(signer: Signer): string {
  return peerIdFromPublicKey(publicKeyFromBytes(signer.publicKey)).toString()
}

/** Checks what `simulatedSigner` signed. */
export const verifySimulated: VerifySignature = async (publicKey, type, version, payload, { signature }) =>
  isSimulatedSignature(publicKey, type, version, payload, signature)

/** The same at once. */
export function isSimulatedSignature(
  publicKey: Uint8Array,
  type: string,
  version: number,
  payload: Uint8Array,
  signature: Uint8Array
): boolean {
  const bytes = Buffer.concat([Buffer.from(`chordcast/${type}/${version}`), payload])
  return Buffer.compare(simulatedSignature(publicKey, bytes), signature) === 0
}

function simulatedSignature(publicKey: Uint8Array, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(publicKey).update(bytes).digest())
}
