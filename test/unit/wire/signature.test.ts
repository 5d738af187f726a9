import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { generateKeyPair, privateKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import {
  publicKeyFromBytes,
  type Signer,
  signPayload,
  verifyPayload
} from '../../../src/peer/wire/signature.ts'

const payload = Buffer.from('payload')

function signerOf(key: PrivateKey, algorithm: Signer['algorithm']): Signer {
  return { algorithm, publicKey: publicKeyToProtobuf(key.publicKey), sign: async bytes => key.sign(bytes) }
}

/** An RSA key as libp2p encodes it: field 1 the type (0), field 2 the PKCS #1 bytes. */
function rsaOf(bits: number, exponent: number): PrivateKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: exponent })
  const der = privateKey.export({ type: 'pkcs1', format: 'der' })
  const length = Buffer.from([(der.length & 0x7f) | 0x80, der.length >> 7])
  return privateKeyFromProtobuf(Buffer.concat([Buffer.from([0x08, 0x00, 0x12]), length, der]))
}

describe('signatures', () => {
  const signers: Record<string, Signer> = {}

  before(async () => {
    signers['rsa-sha256'] = signerOf(rsaOf(2048, 65537), 'rsa-sha256')
    signers.ed25519 = signerOf(await generateKeyPair('Ed25519'), 'ed25519')
  })

  for (const name of ['rsa-sha256', 'ed25519']) {
    it(`${name}: holds for its type, version and payload, and for nothing else`, async () => {
      const signer = signers[name]!
      const signature = await signPayload(signer, 'grant', 1, payload)
      const check = (type: string, version: number, bytes: Uint8Array) =>
        verifyPayload(signer.publicKey, type, version, bytes, signature)
      assert.equal(await check('grant', 1, payload), true)
      assert.equal(await check('manifest', 1, payload), false)
      assert.equal(await check('grant', 2, payload), false)
      assert.equal(await check('grant', 1, Buffer.from('payloae')), false)
    })

    it(`${name}: is refused under another algorithm's name, cut short, or by another key`, async () => {
      const signer = signers[name]!
      const other = signers[name === 'ed25519' ? 'rsa-sha256' : 'ed25519']!
      const { algorithm, signature } = await signPayload(signer, 'grant', 1, payload)
      const check = (key: Uint8Array, named: Signer['algorithm'], bytes: Uint8Array) =>
        verifyPayload(key, 'grant', 1, payload, { algorithm: named, signature: bytes })
      assert.equal(await check(signer.publicKey, other.algorithm, signature), false)
      assert.equal(await check(signer.publicKey, algorithm, signature.subarray(1)), false)
      assert.equal(await check(other.publicKey, other.algorithm, signature), false)
    })
  }

  it('accepts no weak RSA key and no key of another kind', async () => {
    const weak = [rsaOf(1024, 65537), rsaOf(2048, 3), await generateKeyPair('secp256k1')]
    for (const key of weak) {
      assert.throws(() => publicKeyFromBytes(publicKeyToProtobuf(key.publicKey)), {
        code: 'SIGNATURE_INVALID'
      })
    }
    assert.throws(() => publicKeyFromBytes(new Uint8Array(5000)), { code: 'SIGNATURE_INVALID' })
  })
})
