import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Signer } from '../../../src/peer/wire/signature.ts'

/** A signer for tests, with the peer id that belongs to it. */
export interface TestIdentity extends Signer {
  readonly peerId: string
}

export async function createIdentity(type: 'RSA' | 'Ed25519'): Promise<TestIdentity> {
  const key = type === 'RSA' ? await generateKeyPair('RSA', 2048) : await generateKeyPair('Ed25519')
  return {
    algorithm: type === 'RSA' ? 'rsa-sha256' : 'ed25519',
    publicKey: publicKeyToProtobuf(key.publicKey),
    peerId: peerIdFromPrivateKey(key).toString(),
    sign: async bytes => key.sign(bytes)
  }
}

/** For `assert.throws` and `assert.rejects`: a PeerError of that code that speaks to people. */
export function peerError(code: string): (error: unknown) => boolean {
  return error => {
    const { name, code: actual, message } = error as { name: string; code: string; message: string }
    if (name === 'PeerError' && actual === code && /^[A-Z].*[.]$/s.test(message)) return true
    throw error
  }
}
