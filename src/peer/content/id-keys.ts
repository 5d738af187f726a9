import { createHash } from 'node:crypto'
import { generateKeyPairFromSeed, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Signer } from '../wire/signature.ts'
import { idBytes } from './content-id.ts'
import { deriveBytes } from './content-key.ts'

/** What everybody who knows an ID can compute, and nobody else. */
export interface IdKeys {
  /** Signs provider records and tombstones: an Ed25519 key that all who know the ID share. */
  readonly announceSigner: Signer
  /** Raw public half of the announce key, 32 bytes. */
  readonly announcePublicKey: Uint8Array
  /** Where the records lie on the ring: SHA-256 of the public half in its libp2p protobuf form, 32 bytes. */
  readonly dhtKey: Uint8Array
  /** Gossip topic of availability hints. Whoever is connected to a subscriber sees it. */
  readonly topic: string
  /** Seals the hints: whoever sees the topic without knowing the ID can neither read nor make one. 32 bytes. */
  readonly hintKey: Uint8Array
  /** Key of `createProof`, 32 bytes. */
  readonly proofKey: Uint8Array
}

/**
 * Derives an ID's keys from its bytes by HKDF-SHA256 with the labels `chordcast/1/announce-key` (the Ed25519 seed),
 * `chordcast/1/topic`, `chordcast/1/hint-key` and `chordcast/1/proof-key`.
 * @throws PeerError ID_INVALID
 */
export async function deriveIdKeys(id: string): Promise<IdKeys> {
  const secret = idBytes(id)
  const announceKey = await generateKeyPairFromSeed('Ed25519', deriveBytes(secret, 'announce-key'))
  const announcePublicKey = announceKey.publicKey.raw
  const encodedPublicKey = publicKeyToProtobuf(announceKey.publicKey)
  return {
    announceSigner: {
      algorithm: 'ed25519',
      publicKey: encodedPublicKey,
      sign: async bytes => announceKey.sign(bytes)
    },
    announcePublicKey,
    dhtKey: createHash('sha256').update(encodedPublicKey).digest(),
    topic: `/chordcast/video/1/${Buffer.from(deriveBytes(secret, 'topic')).toString('base64url')}`,
    hintKey: deriveBytes(secret, 'hint-key'),
    proofKey: deriveBytes(secret, 'proof-key')
  }
}
