import assert from 'node:assert/strict'
import { deriveIdKeys } from '../../../src/peer/content/id-keys.ts'
import { createProof, type ProofTranscript, verifyProof } from '../../../src/peer/content/proof.ts'
import { signPayload, verifyPayload } from '../../../src/peer/wire/signature.ts'
import { counterBytes } from './reference-vectors.ts'
import { peerError } from './signers.ts'

const ID = 'bafyreifn4p2hyvlambe5ue2bnqigexm3tkkipn6ktvaobj3i2p7db3vqka'
const OTHER_ID = 'bafyreibrgsnfqgkdfa2l6cmrvxrwu3cqbzkvofmixqmvzyi2ldnlwqhbzu'

describe('Proof of knowing an ID', () => {
  const key = counterBytes(32, 1)
  const transcript: ProofTranscript = {
    initiator: 'QmA',
    responder: 'QmB',
    initiatorNonce: counterBytes(32, 2),
    responderNonce: counterBytes(32, 3)
  }
  const proof = createProof(key, 'initiator', transcript)

  it('convinces the other end', () => {
    assert.equal(verifyProof(key, 'initiator', transcript, proof), true)
  })

  const changes: [what: string, change: Partial<ProofTranscript>][] = [
    ['another initiator', { initiator: 'QmC' }],
    ['another responder', { responder: 'QmC' }],
    ['ids that only join to the same text', { initiator: 'QmAQ', responder: 'mB' }],
    ['another nonce of the initiator', { initiatorNonce: counterBytes(32, 9) }],
    ['another nonce of the responder', { responderNonce: counterBytes(32, 9) }]
  ]
  for (const [what, change] of changes) {
    it(`does not pass with ${what}`, () => {
      assert.equal(verifyProof(key, 'initiator', { ...transcript, ...change }, proof), false)
    })
  }

  it('does not pass in the other role, with another key, cut, or empty', () => {
    assert.equal(verifyProof(key, 'responder', transcript, proof), false)
    assert.equal(verifyProof(counterBytes(32, 9), 'initiator', transcript, proof), false)
    assert.equal(verifyProof(key, 'initiator', transcript, proof.subarray(1)), false)
    assert.equal(verifyProof(key, 'initiator', transcript, new Uint8Array(0)), false)
  })

  it('does not pass with nonces that are too short to be fresh', () => {
    const short = { ...transcript, initiatorNonce: new Uint8Array(0) }
    assert.equal(verifyProof(key, 'initiator', short, createProof(key, 'initiator', short)), false)
  })
})

describe('Keys from an ID', () => {
  it('are the same for all who know it, and differ between IDs', () => {
    const [a, again, b] = [ID, ID.toUpperCase(), OTHER_ID].map(deriveIdKeys)
    for (const part of ['announcePublicKey', 'dhtKey', 'topic', 'proofKey'] as const) {
      assert.deepEqual(a?.[part], again?.[part])
      assert.notDeepEqual(a?.[part], b?.[part])
    }
  })

  it('do not show the ID', () => {
    const { topic } = deriveIdKeys(ID)
    assert.equal(topic.includes(ID), false)
  })

  it('sign what others can check', async () => {
    const { announceSigner } = deriveIdKeys(ID)
    const payload = Buffer.from('record')
    const signature = await signPayload(announceSigner, 'record', 1, payload)
    assert.equal(await verifyPayload(announceSigner.publicKey, 'record', 1, payload, signature), true)
  })

  it('are not derived from anything else', () => {
    assert.throws(() => deriveIdKeys('hello'), peerError('ID_INVALID'))
  })
})
