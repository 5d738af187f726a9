import assert from 'node:assert/strict'
import { decode } from '@ipld/dag-cbor'
import { createContentKey, deriveContentKeys } from '../../../src/peer/content/content-key.ts'
import { encryptionKeyHash } from '../../../src/peer/keys/encryption-key.ts'
import {
  CLOCK_SKEW,
  createGrant,
  type ExpectedGrant,
  GRANT_LIFETIME,
  type GrantDraft,
  openGrant
} from '../../../src/peer/keys/grant.ts'
import { createKeyRequest, verifyKeyRequest } from '../../../src/peer/keys/key-request.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { encodeCanonical } from '../../../src/peer/wire/canonical.ts'
import { signPayload } from '../../../src/peer/wire/signature.ts'
import { wrapOaep } from '../content/reference-implementation.ts'
import { counterBytes } from '../content/reference-vectors.ts'
import { createIdentity, peerError, type TestIdentity } from '../content/signers.ts'
import { createEncryptionKey } from './encryption-keys.ts'

const NOW = Date.UTC(2026, 10, 22)
const DIGEST = 'ab'.repeat(32)

describe('Grant', () => {
  const contentKey = createContentKey(systemRandom)
  const ownKey = createEncryptionKey()
  const otherKey = createEncryptionKey()
  const nonce = counterBytes(32, 1)
  let owner: TestIdentity
  let receiver: TestIdentity
  let holder: TestIdentity
  let expected: ExpectedGrant
  let draft: GrantDraft
  let bytes: Uint8Array

  before(async () => {
    ;[owner, receiver, holder] = await Promise.all([
      createIdentity('RSA'),
      createIdentity('RSA'),
      createIdentity('Ed25519')
    ])
    const asked = await createKeyRequest({ digest: DIGEST, encryptionKey: ownKey.spki, nonce }, receiver)
    draft = { request: await verifyKeyRequest(asked, receiver.peerId), contentKey, now: NOW }
    const { commitment } = deriveContentKeys(contentKey)
    expected = {
      digest: DIGEST,
      receiverPeerId: receiver.peerId,
      nonce,
      encryptionKey: ownKey.spki,
      privateKey: ownKey.privateKey,
      manifest: { commitment, granters: 'owner', ownerPublicKey: owner.publicKey },
      now: NOW
    }
    bytes = await createGrant(draft, owner)
  })

  const envelopeOf = (): Record<string, unknown> => decode(bytes)
  const fieldsOf = (): Record<string, unknown> => decode(envelopeOf().payload as Uint8Array)

  async function signedAgain(change: Record<string, unknown>): Promise<Uint8Array> {
    const payload = encodeCanonical({ ...fieldsOf(), ...change })
    return encodeCanonical({ payload, ...(await signPayload(owner, 'grant', 1, payload)) })
  }

  const refused = async (grant: Uint8Array, change: Partial<ExpectedGrant> = {}): Promise<void> => {
    await assert.rejects(openGrant(grant, { ...expected, ...change }), peerError('GRANT_INVALID'))
  }

  it('gives the receiver the key that the manifest commits to', async () => {
    const opened = await openGrant(bytes, expected)
    assert.deepEqual(Buffer.from(opened.contentKey), Buffer.from(contentKey))
    assert.deepEqual(opened.keys, deriveContentKeys(contentKey))
    assert.equal(opened.granterPeerId, owner.peerId)
    assert.equal(opened.expires, NOW + GRANT_LIFETIME)
  })

  it('may come from any holder where the manifest says so, and from the owner alone where not', async () => {
    const fromHolder = await createGrant(draft, holder)
    const manifest = { ...expected.manifest, granters: 'holders' as const }
    assert.equal((await openGrant(fromHolder, { ...expected, manifest })).granterPeerId, holder.peerId)
    await refused(fromHolder)
  })

  it('opens a key that WebCrypto wrapped', async () => {
    const label = Buffer.concat([Buffer.from(DIGEST, 'hex'), encryptionKeyHash(ownKey.spki)])
    const wrapped = await wrapOaep(ownKey.spki, label, contentKey)
    const opened = await openGrant(await signedAgain({ wrapped }), expected)
    assert.deepEqual(Buffer.from(opened.contentKey), Buffer.from(contentKey))
  })

  it('ends with its policy', async () => {
    const short = await createGrant({ ...draft, expires: NOW + 60_000 }, owner)
    assert.equal((await openGrant(short, expected)).expires, NOW + 60_000)
  })

  it('answers one request only', async () => {
    await refused(bytes, { nonce: counterBytes(32, 2) })
    await refused(bytes, { digest: 'cd'.repeat(32) })
    await refused(bytes, { receiverPeerId: holder.peerId })
    await refused(bytes, { encryptionKey: otherKey.spki })
  })

  it('opens with one private key only', async () => {
    await refused(bytes, { privateKey: otherKey.privateKey })
  })

  it('must hold the key of this video', async () => {
    await refused(await createGrant({ ...draft, contentKey: counterBytes(32, 1) }, owner))
    await refused(await createGrant({ ...draft, contentKey: counterBytes(16, 1) }, owner))
    const manifest = { ...expected.manifest, commitment: counterBytes(32, 1) }
    await refused(bytes, { manifest })
  })

  it('must be wrapped for this video and this key', async () => {
    const labels = [
      new Uint8Array(0),
      Buffer.from(DIGEST, 'hex'),
      Buffer.concat([counterBytes(32, 1), encryptionKeyHash(ownKey.spki)])
    ]
    for (const label of labels) {
      await refused(await signedAgain({ wrapped: await wrapOaep(ownKey.spki, label, contentKey) }))
    }
    for (const wrapped of [new Uint8Array(0), counterBytes(256, 1), counterBytes(255, 1)]) {
      await refused(await signedAgain({ wrapped }))
    }
  })

  it('allows for clocks that differ by a day, not more', async () => {
    const end = NOW + GRANT_LIFETIME
    assert.equal((await openGrant(bytes, { ...expected, now: NOW - CLOCK_SKEW })).expires, end)
    assert.equal((await openGrant(bytes, { ...expected, now: end + CLOCK_SKEW })).expires, end)
    await refused(bytes, { now: NOW - CLOCK_SKEW - 1 })
    await refused(bytes, { now: end + CLOCK_SKEW + 1 })
  })

  it('must have times that make sense', async () => {
    for (const change of [{ expires: NOW }, { expires: NOW - 1 }, { issued: 1.5 }, { expires: 'never' }]) {
      await refused(await signedAgain(change))
    }
  })

  it('is refused when somebody else changed it', async () => {
    const changes = [
      { digest: counterBytes(32, 9) },
      { receiver: holder.peerId },
      { keyHash: counterBytes(32, 9) },
      { nonce: counterBytes(32, 9) },
      { issued: NOW + 1 },
      { expires: NOW + 1 },
      { algorithm: 'none' },
      { wrapped: counterBytes(256, 9) },
      { granter: holder.publicKey }
    ]
    for (const change of changes) {
      const forgery = encodeCanonical({
        ...envelopeOf(),
        payload: encodeCanonical({ ...fieldsOf(), ...change })
      })
      await assert.rejects(openGrant(forgery, expected), peerError('SIGNATURE_INVALID'))
    }
  })

  it('is refused when it is cut, extended, too long or nothing at all', async () => {
    const wrong = [bytes.subarray(1), Buffer.concat([bytes, bytes]), new Uint8Array(5000), new Uint8Array(0)]
    for (const grant of wrong) await refused(grant)
  })

  it('asks for an update when it comes from the future', async () => {
    for (const change of [{ version: 2 }, { critical: ['x'] }, { algorithm: 'hpke-x25519' }]) {
      await assert.rejects(openGrant(await signedAgain(change), expected), peerError('UPGRADE_NEEDED'))
    }
  })
})
