import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import {
  generateKeyPair,
  privateKeyFromProtobuf,
  privateKeyToProtobuf,
  publicKeyToProtobuf
} from '@libp2p/crypto/keys'
import type { PeerId, RSAPrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Signer } from '../wire/signature.ts'

const IDENTITY_BITS = 2048

/** A peer's RSA-2048 identity: the key that its libp2p peer id is the hash of. It signs, and never encrypts. */
export interface PeerIdentity extends Signer {
  readonly peerId: PeerId
  /** For `createLibp2p`. */
  readonly privateKey: RSAPrivateKey
}

/** Makes an identity in the thread pool; the event loop stays free. Gives libp2p's protobuf form of the private key. */
export async function generateIdentity(): Promise<Uint8Array> {
  return privateKeyToProtobuf(await generateKeyPair('RSA', IDENTITY_BITS))
}

/** Reads an identity from libp2p's protobuf form. Throws for bytes that hold no RSA key. */
export function importIdentity(protobuf: Uint8Array): PeerIdentity {
  const privateKey = privateKeyFromProtobuf(protobuf)
  if (privateKey.type !== 'RSA') throw new TypeError('The identity is no RSA key.')
  const signingKey = createPrivateKey({ key: Buffer.from(privateKey.raw), type: 'pkcs1', format: 'der' })
  return {
    algorithm: 'rsa-sha256',
    publicKey: publicKeyToProtobuf(privateKey.publicKey),
    peerId: peerIdFromPrivateKey(privateKey),
    privateKey,
    sign: bytes => signInThreadPool(signingKey, bytes)
  }
}

async function signInThreadPool(key: KeyObject, bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await promisify(sign)('RSA-SHA256', bytes, key))
}
