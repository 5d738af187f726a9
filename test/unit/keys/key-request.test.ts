import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { decode } from '@ipld/dag-cbor'
import { encryptionKeyHash } from '../../../src/peer/keys/encryption-key.ts'
import {
  createKeyRequest,
  type KeyRequestDraft,
  verifyKeyRequest
} from '../../../src/peer/keys/key-request.ts'
import { encodeCanonical } from '../../../src/peer/wire/canonical.ts'
import { signPayload } from '../../../src/peer/wire/signature.ts'
import { counterBytes } from '../content/reference-vectors.ts'
import { createIdentity, peerError, type TestIdentity } from '../content/signers.ts'
import { createEncryptionKey } from './encryption-keys.ts'

describe('Key request', () => {
  const { spki } = createEncryptionKey()
  const draft: KeyRequestDraft = { digest: 'ab'.repeat(32), encryptionKey: spki, nonce: counterBytes(32, 1) }
  let receiver: TestIdentity
  let stranger: TestIdentity
  let bytes: Uint8Array

  before(async () => {
    receiver = await createIdentity('RSA')
    stranger = await createIdentity('RSA')
    bytes = await createKeyRequest(draft, receiver)
  })

  const envelopeOf = (): Record<string, unknown> => decode(bytes)
  const fieldsOf = (): Record<string, unknown> => decode(envelopeOf().payload as Uint8Array)

  async function signedAgain(change: Record<string, unknown>): Promise<Uint8Array> {
    const payload = encodeCanonical({ ...fieldsOf(), ...change })
    return encodeCanonical({ payload, ...(await signPayload(receiver, 'key-request', 1, payload)) })
  }

  it('names video, receiver and encryption key', async () => {
    assert.deepEqual(await verifyKeyRequest(bytes, receiver.peerId), {
      ...draft,
      receiverPeerId: receiver.peerId,
      encryptionKeyHash: encryptionKeyHash(spki)
    })
  })

  it('is refused from anybody but the one who signed it', async () => {
    await assert.rejects(verifyKeyRequest(bytes, stranger.peerId), peerError('SIGNATURE_INVALID'))
    const posing = await signedAgain({ receiver: stranger.publicKey })
    await assert.rejects(verifyKeyRequest(posing, stranger.peerId), peerError('SIGNATURE_INVALID'))
  })

  it('is refused when another encryption key, video or nonce was put in', async () => {
    const changes = [
      { encryptionKey: createEncryptionKey().spki },
      { digest: counterBytes(32, 9) },
      { nonce: counterBytes(32, 9) }
    ]
    for (const change of changes) {
      const forgery = encodeCanonical({
        ...envelopeOf(),
        payload: encodeCanonical({ ...fieldsOf(), ...change })
      })
      await assert.rejects(verifyKeyRequest(forgery, receiver.peerId), peerError('SIGNATURE_INVALID'))
    }
  })

  it('is refused with an encryption key that is weak, costly, or of another kind', async () => {
    const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' })
    const keys = [
      createEncryptionKey(1024).spki,
      createEncryptionKey(2048, 3).spki,
      new Uint8Array(ed25519),
      new Uint8Array(0),
      counterBytes(294, 1),
      Buffer.concat([spki, Buffer.of(0)])
    ]
    for (const encryptionKey of keys) {
      const request = await signedAgain({ encryptionKey })
      await assert.rejects(verifyKeyRequest(request, receiver.peerId), peerError('PROTOCOL_VIOLATION'))
    }
  })

  it('is refused when fields are missing or of the wrong size', async () => {
    const changes = [
      { digest: counterBytes(31, 1) },
      { nonce: counterBytes(8, 1) },
      { nonce: 7 },
      { encryptionKey: 'key' },
      { version: 0 },
      { padding: new Uint8Array(5000) }
    ]
    for (const change of changes) {
      const request = await signedAgain(change)
      await assert.rejects(verifyKeyRequest(request, receiver.peerId), peerError('PROTOCOL_VIOLATION'))
    }
    await assert.rejects(
      verifyKeyRequest(new Uint8Array(0), receiver.peerId),
      peerError('PROTOCOL_VIOLATION')
    )
  })

  it('asks for an update when it comes from the future', async () => {
    for (const change of [{ version: 2 }, { critical: ['hpke'] }]) {
      const request = await signedAgain(change)
      await assert.rejects(verifyKeyRequest(request, receiver.peerId), peerError('UPGRADE_NEEDED'))
    }
  })
})
