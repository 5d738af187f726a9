import { generateKeyPairSync, type KeyObject } from 'node:crypto'

/** A receiver's encryption key pair: RSA with SPKI DER of its public half. */
export interface TestEncryptionKey {
  spki: Uint8Array
  privateKey: KeyObject
}

export function createEncryptionKey(modulusLength = 2048, publicExponent = 65_537): TestEncryptionKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent })
  return { spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })), privateKey }
}
