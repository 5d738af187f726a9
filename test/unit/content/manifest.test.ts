import assert from 'node:assert/strict'
import { decode } from '@ipld/dag-cbor'
import { geometryOf } from '../../../src/peer/content/geometry.ts'
import {
  createManifest,
  MAX_MANIFEST_BYTES,
  type ManifestDraft,
  verifyManifest
} from '../../../src/peer/content/manifest.ts'
import { encodeCanonical } from '../../../src/peer/wire/canonical.ts'
import { signPayload } from '../../../src/peer/wire/signature.ts'
import { counterBytes } from './reference-vectors.ts'
import { createIdentity, peerError, type TestIdentity } from './signers.ts'

type Fields = Record<string, unknown>

const draft: ManifestDraft = {
  contentId: counterBytes(32, 1),
  commitment: counterBytes(32, 2),
  granters: 'holders',
  sealedMetadata: counterBytes(100, 3),
  file: { byteLength: 5_000_000, root: counterBytes(32, 4) }
}

describe('Manifest', () => {
  let owner: TestIdentity
  let stranger: TestIdentity
  let bytes: Uint8Array

  before(async () => {
    owner = await createIdentity('RSA')
    stranger = await createIdentity('Ed25519')
    bytes = (await createManifest(draft, owner)).bytes
  })

  const envelopeOf = (encoded: Uint8Array): Fields => decode<Fields>(encoded)
  const fieldsOf = (encoded: Uint8Array): Fields => decode<Fields>(envelopeOf(encoded).payload as Uint8Array)

  /** The manifest with other fields, signed again by its owner: what a malicious owner could publish. */
  async function signedAgain(change: Fields, signer = owner): Promise<Uint8Array> {
    const payload = encodeCanonical({ ...fieldsOf(bytes), ...change })
    return encodeCanonical({ payload, ...(await signPayload(signer, 'manifest', 1, payload)) })
  }

  it('says what its owner decided, to everyone who has its bytes', async () => {
    const manifest = await verifyManifest(bytes)
    const { contentId, commitment, granters, sealedMetadata } = manifest
    assert.deepEqual(
      {
        contentId,
        commitment,
        granters,
        sealedMetadata,
        file: { byteLength: manifest.byteLength, root: manifest.root }
      },
      draft
    )
    assert.deepEqual(
      { kind: manifest.kind, chunkSize: manifest.chunkSize, count: manifest.count },
      {
        kind: 'file',
        chunkSize: geometryOf(5_000_000).chunkSize,
        count: 20
      }
    )
    assert.equal(manifest.ownerPeerId, owner.peerId)
    assert.deepEqual(manifest.bytes, bytes)
  })

  it('belongs to one ID', async () => {
    const { id } = await verifyManifest(bytes)
    const other = await createManifest({ ...draft, contentId: counterBytes(32, 9) }, owner)
    assert.equal((await verifyManifest(bytes, id)).id, id)
    assert.notEqual(other.id, id)
    await assert.rejects(verifyManifest(bytes, other.id), peerError('MANIFEST_INVALID'))
  })

  it('can describe a list, which has no chunks', async () => {
    const { file: _, ...listDraft } = draft
    const list = await createManifest(listDraft, owner)
    assert.deepEqual([list.kind, list.byteLength, list.chunkSize, list.count], ['list', 0, 0, 0])
  })

  it('can be signed with either algorithm', async () => {
    assert.equal((await createManifest(draft, stranger)).ownerPeerId, stranger.peerId)
  })

  const tampered: [field: string, change: Fields][] = [
    ['kind', { kind: 'folder' }],
    ['kind list with chunks', { kind: 'list' }],
    ['content id of another length', { contentId: counterBytes(31, 1) }],
    ['content id as text', { contentId: 'x'.repeat(32) }],
    ['chunk size', { chunkSize: 524_288 }],
    ['chunk size 0', { chunkSize: 0 }],
    ['count', { count: 21 }],
    ['negative count', { count: -1 }],
    ['byte length', { byteLength: 5_500_000 }],
    ['byte length 0', { byteLength: 0 }],
    ['byte length above 64 GiB', { byteLength: 64 * 1024 ** 3 + 1 }],
    ['fractional byte length', { byteLength: 1.5 }],
    ['root of another length', { root: counterBytes(33, 1) }],
    ['commitment of another length', { commitment: counterBytes(16, 1) }],
    ['granters', { granters: 'everybody' }],
    ['metadata that are too long', { metadata: new Uint8Array(230 * 1024) }],
    ['metadata as a list', { metadata: [1] }],
    ['version 0', { version: 0 }],
    ['version as text', { version: 'one' }]
  ]
  for (const [field, change] of tampered) {
    it(`is refused with a wrong ${field}, even when signed`, async () => {
      await assert.rejects(verifyManifest(await signedAgain(change)), peerError('MANIFEST_INVALID'))
    })
  }

  const forged: [field: string, change: Fields][] = [
    ['content id', { contentId: counterBytes(32, 99) }],
    ['root', { root: counterBytes(32, 99) }],
    ['commitment', { commitment: counterBytes(32, 99) }],
    ['granters', { granters: 'owner' }],
    ['metadata', { metadata: counterBytes(100, 99) }],
    ['an added field', { extra: 1 }]
  ]
  for (const [field, change] of forged) {
    it(`is refused when somebody else changed its ${field}`, async () => {
      const payload = encodeCanonical({ ...fieldsOf(bytes), ...change })
      const forgery = encodeCanonical({ ...envelopeOf(bytes), payload })
      await assert.rejects(verifyManifest(forgery), peerError('SIGNATURE_INVALID'))
    })
  }

  it('is refused when its owner is replaced', async () => {
    await assert.rejects(verifyManifest(await signedAgain({}, stranger)), peerError('SIGNATURE_INVALID'))
    const change = { owner: stranger.publicKey }
    await assert.rejects(verifyManifest(await signedAgain(change)), peerError('SIGNATURE_INVALID'))
    for (const key of [new Uint8Array(0), counterBytes(36, 1)]) {
      await assert.rejects(verifyManifest(await signedAgain({ owner: key })), peerError('SIGNATURE_INVALID'))
    }
  })

  it('is refused with a signature made for something else', async () => {
    const payload = envelopeOf(bytes).payload as Uint8Array
    for (const [type, version] of [['grant', 1] as const, ['manifest', 2] as const]) {
      const signature = await signPayload(owner, type, version, payload)
      await assert.rejects(
        verifyManifest(encodeCanonical({ payload, ...signature })),
        peerError('SIGNATURE_INVALID')
      )
    }
  })

  it('is refused with a signature that is cut, empty or of another algorithm', async () => {
    const envelope = envelopeOf(bytes)
    const signature = envelope.signature as Uint8Array
    const changes = [
      { signature: signature.subarray(1) },
      { signature: new Uint8Array(0) },
      { algorithm: 'ed25519' }
    ]
    for (const change of changes) {
      const forgery = encodeCanonical({ ...envelope, ...change })
      await assert.rejects(verifyManifest(forgery), peerError('SIGNATURE_INVALID'))
    }
  })

  it('asks for an update when it comes from the future', async () => {
    const future = [
      await signedAgain({ version: 2 }),
      await signedAgain({ critical: ['watermark'] }),
      encodeCanonical({ ...envelopeOf(bytes), algorithm: 'ml-dsa-65' })
    ]
    for (const encoded of future) await assert.rejects(verifyManifest(encoded), peerError('UPGRADE_NEEDED'))
  })

  it('keeps fields that it does not know', async () => {
    const extended = await signedAgain({ colour: 'blue' })
    assert.equal((await verifyManifest(extended)).count, 20)
  })

  it('is refused when it is not canonical, cut, extended, too long or no CBOR', async () => {
    const wrong = [
      new Uint8Array(0),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.of(0)]),
      new Uint8Array(MAX_MANIFEST_BYTES + 1),
      Buffer.from('not a manifest'),
      encodeCanonical([1, 2, 3]),
      encodeCanonical(null),
      // The same map with an indefinite length.
      Buffer.concat([Buffer.of(0xbf), bytes.subarray(1), Buffer.of(0xff)])
    ]
    for (const encoded of wrong) await assert.rejects(verifyManifest(encoded), peerError('MANIFEST_INVALID'))
  })

  it('is never made for a file that cannot be shared', async () => {
    const empty = { ...draft, file: { byteLength: 0, root: counterBytes(32, 4) } }
    await assert.rejects(createManifest(empty, owner), peerError('FILE_EMPTY'))
    const bloated = { ...draft, sealedMetadata: new Uint8Array(MAX_MANIFEST_BYTES) }
    await assert.rejects(createManifest(bloated, owner), peerError('MANIFEST_INVALID'))
  })
})
