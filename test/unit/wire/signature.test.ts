import assert from 'node:assert/strict'
import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import {
  publicKeyFromBytes,
  type Signer,
  signPayload,
  verifyPayload
} from '../../../src/peer/wire/signature.ts'

async function makeSigner(type: 'RSA' | 'Ed25519'): Promise<Signer> {
  const key = type === 'RSA' ? await generateKeyPair('RSA', 2048) : await generateKeyPair('Ed25519')
  return {
    algorithm: type === 'RSA' ? 'rsa-sha256' : 'ed25519',
    publicKey: publicKeyToProtobuf(key.publicKey),
    sign: async bytes => key.sign(bytes)
  }
}

describe('Signatures', function () {
  this.timeout(20_000)
  const payload = Uint8Array.of(1, 2, 3)

  for (const type of ['RSA', 'Ed25519'] as const) {
    it(`hold for exactly the bytes, type, version and key that were signed (${type})`, async () => {
      const signer = await makeSigner(type)
      const signature = await signPayload(signer, 'thing', 1, payload)
      const verify = (over: Partial<{ type: string; version: number; payload: Uint8Array }>) =>
        verifyPayload(
          signer.publicKey,
          over.type ?? 'thing',
          over.version ?? 1,
          over.payload ?? payload,
          signature
        )
      assert.equal(await verify({}), true)
      assert.equal(await verify({ type: 'other' }), false)
      assert.equal(await verify({ version: 2 }), false)
      assert.equal(await verify({ payload: Uint8Array.of(1, 2, 4) }), false)
      const other = await makeSigner('Ed25519')
      assert.equal(await verifyPayload(other.publicKey, 'thing', 1, payload, signature), false)
    })
  }

  it('are refused, not thrown, when key, length or algorithm are wrong', async () => {
    const signer = await makeSigner('Ed25519')
    const { signature } = await signPayload(signer, 'thing', 1, payload)
    const check = (publicKey: Uint8Array, algorithm: 'ed25519' | 'rsa-sha256', bytes: Uint8Array) =>
      verifyPayload(publicKey, 'thing', 1, payload, { algorithm, signature: bytes })
    assert.equal(await check(signer.publicKey, 'rsa-sha256', signature), false)
    assert.equal(await check(signer.publicKey, 'ed25519', signature.subarray(1)), false)
    assert.equal(await check(new Uint8Array(10), 'ed25519', signature), false)
    assert.equal(await check(new Uint8Array(10_000), 'ed25519', signature), false)
    assert.throws(() => publicKeyFromBytes(new Uint8Array(3)), { code: 'SIGNATURE_INVALID' })
  })
})
