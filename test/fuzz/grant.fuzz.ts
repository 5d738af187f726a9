import assert from 'node:assert/strict'
import { encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { deriveContentKeys } from '../../src/peer/content/content-key.ts'
import { PeerError } from '../../src/peer/errors.ts'
import { encryptionKeyHash, WRAP_ALGORITHM } from '../../src/peer/keys/encryption-key.ts'
import { createGrant, type ExpectedGrant, openGrant } from '../../src/peer/keys/grant.ts'
import { createKeyRequest, verifyKeyRequest } from '../../src/peer/keys/key-request.ts'
import { signPayload } from '../../src/peer/wire/signature.ts'
import { counterBytes } from '../unit/content/reference-vectors.ts'
import { createIdentity, type TestIdentity } from '../unit/content/signers.ts'
import { createEncryptionKey } from '../unit/keys/encryption-keys.ts'
import { corrupted, expectOnlyPeerErrors, plainData } from './hostile-bytes.ts'

const NOW = Date.UTC(2026, 10, 22)
const DIGEST = 'ab'.repeat(32)

describe('Fuzz: key requests and grants', function () {
  this.timeout(60_000)
  const contentKey = counterBytes(32, 1)
  const nonce = counterBytes(32, 2)
  const { spki, privateKey } = createEncryptionKey()
  let owner: TestIdentity
  let receiver: TestIdentity
  let request: Uint8Array
  let grant: Uint8Array
  let expected: ExpectedGrant

  before(async () => {
    owner = await createIdentity('Ed25519')
    receiver = await createIdentity('Ed25519')
    request = await createKeyRequest({ digest: DIGEST, encryptionKey: spki, nonce }, receiver)
    const verified = await verifyKeyRequest(request, receiver.peerId)
    grant = await createGrant({ request: verified, contentKey, now: NOW }, owner)
    const { commitment } = deriveContentKeys(contentKey)
    const manifest = { commitment, granters: 'owner' as const, ownerPublicKey: owner.publicKey }
    const receiverPeerId = receiver.peerId
    expected = { digest: DIGEST, receiverPeerId, nonce, encryptionKey: spki, privateKey, manifest, now: NOW }
  })

  it('refuses random bytes', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async bytes => {
        assert.ok((await expectOnlyPeerErrors(() => openGrant(bytes, expected))) instanceof PeerError)
        const outcome = await expectOnlyPeerErrors(() => verifyKeyRequest(bytes, receiver.peerId))
        assert.ok(outcome instanceof PeerError)
      }),
      { numRuns: 2000 }
    ))

  it('opens no corruption of a true grant to anything but the true key', () =>
    fc.assert(
      fc.asyncProperty(corrupted(grant), async bytes => {
        const outcome = await expectOnlyPeerErrors(() => openGrant(bytes, expected))
        if (!(outcome instanceof PeerError)) assert.deepEqual(new Uint8Array(outcome.contentKey), contentKey)
      }),
      { numRuns: 2000 }
    ))

  it('takes no corruption of a true request for another request', () =>
    fc.assert(
      fc.asyncProperty(corrupted(request), async bytes => {
        const outcome = await expectOnlyPeerErrors(() => verifyKeyRequest(bytes, receiver.peerId))
        if (!(outcome instanceof PeerError)) assert.deepEqual(outcome.encryptionKey, spki)
      }),
      { numRuns: 2000 }
    ))

  it('judges any signed grant', () => {
    const fields = {
      version: 1,
      digest: Buffer.from(DIGEST, 'hex'),
      receiver: receiver.peerId,
      keyHash: encryptionKeyHash(spki),
      nonce,
      issued: NOW,
      expires: NOW + 1000,
      algorithm: WRAP_ALGORITHM,
      wrapped: counterBytes(256, 1),
      granter: owner.publicKey
    }
    return fc.assert(
      fc.asyncProperty(plainData(fields), async changed => {
        const payload = encode(changed)
        const signed = encode({ payload, ...(await signPayload(owner, 'grant', 1, payload)) })
        assert.ok((await expectOnlyPeerErrors(() => openGrant(signed, expected))) instanceof PeerError)
      }),
      { numRuns: 1000 }
    )
  })

  it('judges any signed request', () => {
    const digest = Buffer.from(DIGEST, 'hex')
    const fields = { version: 1, digest, receiver: receiver.publicKey, encryptionKey: spki, nonce }
    return fc.assert(
      fc.asyncProperty(plainData(fields), async changed => {
        const payload = encode(changed)
        const signed = encode({ payload, ...(await signPayload(receiver, 'key-request', 1, payload)) })
        await expectOnlyPeerErrors(() => verifyKeyRequest(signed, receiver.peerId))
      }),
      { numRuns: 1000 }
    )
  })
})
