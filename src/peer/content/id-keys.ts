import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { publicKeyFromRaw, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Signer } from '../wire/signature.ts'
import { idBytes } from './content-id.ts'
import { deriveBytes } from './content-key.ts'

/** An Ed25519 private key in PKCS #8, up to its 32 bytes (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

const signAsync = promisify(sign)

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
export function deriveIdKeys(id: string): IdKeys {
  const secret = idBytes(id)
  const announceKey = ed25519Key(deriveBytes(secret, 'announce-key'))
  const announcePublicKey = rawPublicKey(announceKey)
  const encodedPublicKey = publicKeyToProtobuf(publicKeyFromRaw(announcePublicKey))
  return {
    announceSigner: {
      algorithm: 'ed25519',
      publicKey: encodedPublicKey,
      sign: bytes => signAsync(null, bytes, announceKey)
    },
    announcePublicKey,
    dhtKey: createHash('sha256').update(encodedPublicKey).digest(),
    topic: `/chordcast/video/1/${Buffer.from(deriveBytes(secret, 'topic')).toString('base64url')}`,
    hintKey: deriveBytes(secret, 'hint-key'),
    proofKey: deriveBytes(secret, 'proof-key')
  }
}

// `generateKeyPairFromSeed` of @libp2p/crypto multiplies on the curve in JavaScript: 50 ms the first time.
function ed25519Key(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
}

function rawPublicKey(privateKey: KeyObject): Uint8Array {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  return Uint8Array.from(Buffer.from(x, 'base64url'))
}
