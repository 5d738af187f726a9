import assert from 'node:assert/strict'
import { encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { deriveContentKeys } from '../../src/peer/content/content-key.ts'
import { createManifest, type Manifest, verifyManifest } from '../../src/peer/content/manifest.ts'
import { openMetadata, sealMetadata } from '../../src/peer/content/metadata.ts'
import { PeerError } from '../../src/peer/errors.ts'
import { systemRandom } from '../../src/peer/random.ts'
import { signPayload } from '../../src/peer/wire/signature.ts'
import { counterBytes } from '../unit/content/reference-vectors.ts'
import { createIdentity, type TestIdentity } from '../unit/content/signers.ts'
import { corrupted, expectOnlyPeerErrors, plainData } from './hostile-bytes.ts'

const keys = deriveContentKeys(counterBytes(32, 1))
const contentId = counterBytes(32, 2)

describe('Fuzz: manifest and metadata', function () {
  this.timeout(60_000)
  let owner: TestIdentity
  let manifest: Manifest

  before(async () => {
    owner = await createIdentity('Ed25519')
    const metadata = { name: 'demo.mp4', mimeType: 'video/mp4', width: 640 }
    manifest = await createManifest(
      {
        contentId,
        commitment: keys.commitment,
        granters: 'holders',
        sealedMetadata: sealMetadata(keys.metadataKey, contentId, metadata, systemRandom),
        file: { byteLength: 5_000_000, root: counterBytes(32, 3) }
      },
      owner
    )
  })

  it('refuses random bytes', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async bytes => {
        const outcome = await expectOnlyPeerErrors(() => verifyManifest(bytes))
        assert.ok(outcome instanceof PeerError)
      }),
      { numRuns: 2000 }
    ))

  it('refuses every corruption of a true manifest', () =>
    fc.assert(
      fc.asyncProperty(corrupted(manifest.bytes), async bytes => {
        const outcome = await expectOnlyPeerErrors(() => verifyManifest(bytes))
        // A changed envelope may still hold the same signed payload: then it says the same, under another ID.
        if (outcome instanceof PeerError) return
        assert.deepEqual({ ...outcome, bytes: 0, id: 0 }, { ...manifest, bytes: 0, id: 0 })
        assert.notEqual(outcome.id, manifest.id)
      }),
      { numRuns: 2000 }
    ))

  it('judges any signed payload', () =>
    fc.assert(
      fc.asyncProperty(plainData(manifestFields()), async fields => {
        const payload = encode(fields)
        const signed = encode({ payload, ...(await signPayload(owner, 'manifest', 1, payload)) })
        await expectOnlyPeerErrors(() => verifyManifest(signed))
      }),
      { numRuns: 1000 }
    ))

  it('refuses every corruption of true metadata', () =>
    fc.assert(
      fc.asyncProperty(corrupted(manifest.sealedMetadata), async bytes => {
        const outcome = await expectOnlyPeerErrors(async () =>
          openMetadata(keys.metadataKey, contentId, bytes)
        )
        assert.ok(outcome instanceof PeerError)
      }),
      { numRuns: 2000 }
    ))

  /** True fields, for some of which something else is put. */
  const manifestFields = (): Record<string, unknown> => ({
    version: 1,
    kind: 'file',
    contentId,
    byteLength: manifest.byteLength,
    chunkSize: manifest.chunkSize,
    count: manifest.count,
    root: manifest.root,
    owner: owner.publicKey,
    commitment: keys.commitment,
    granters: 'holders',
    metadata: manifest.sealedMetadata
  })
})
