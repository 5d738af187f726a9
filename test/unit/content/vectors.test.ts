import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { generateKeyPairFromSeed, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { ChunkCipher } from '../../../src/peer/content/chunk-cipher.ts'
import { digestOf, idBytes, idOf } from '../../../src/peer/content/content-id.ts'
import { deriveContentKeys } from '../../../src/peer/content/content-key.ts'
import { geometryOf } from '../../../src/peer/content/geometry.ts'
import { deriveIdKeys } from '../../../src/peer/content/id-keys.ts'
import { createManifest, verifyManifest } from '../../../src/peer/content/manifest.ts'
import { leafHash, merkleRoot } from '../../../src/peer/content/merkle-tree.ts'
import { openMetadata, sealMetadata } from '../../../src/peer/content/metadata.ts'
import { createProof } from '../../../src/peer/content/proof.ts'
import { sha256 } from './reference-implementation.ts'
import { computeVectors, inputs, samplePlaintext } from './reference-vectors.ts'

type Vectors = Awaited<ReturnType<typeof computeVectors>>

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex')

describe('Known-answer vectors of the content format', () => {
  let vectors: Vectors
  const plaintext = samplePlaintext(inputs.byteLength)
  const geometry = geometryOf(inputs.byteLength)
  const keys = deriveContentKeys(inputs.contentKey)
  const cipher = new ChunkCipher(keys.chunkKey, inputs.contentId, geometry)
  const chunkOf = (index: number): Uint8Array =>
    plaintext.subarray(index * geometry.chunkSize, (index + 1) * geometry.chunkSize)

  before(async () => {
    vectors = JSON.parse(await readFile(new URL('vectors.json', import.meta.url), 'utf8'))
  })

  it('are what the reference implementation on WebCrypto computes', async () => {
    assert.deepEqual(await computeVectors(), vectors)
  })

  it('splits the content key', () => {
    assert.equal(hex(keys.chunkKey), vectors.chunkKey)
    assert.equal(hex(keys.metadataKey), vectors.metadataKey)
    assert.equal(hex(keys.commitment), vectors.commitment)
  })

  it('seals chunks, whole and in slices', async () => {
    for (const [index, hash] of vectors.sealedChunkHashes.entries()) {
      const sealed = cipher.seal(index, chunkOf(index))
      assert.equal(hex(await sha256(sealed)), hash)
      assert.deepEqual(Buffer.concat([...cipher.sealSlices(index, chunkOf(index))]), sealed)
    }
    assert.equal(hex(cipher.seal(2, chunkOf(2)).subarray(-16)), vectors.lastChunkTag)
  })

  it('hashes leaves and root', () => {
    const leaves = [0, 1, 2].map(index => leafHash(index, cipher.seal(index, chunkOf(index))))
    assert.deepEqual(leaves.map(hex), vectors.leaves)
    assert.equal(hex(merkleRoot(Buffer.concat(leaves))), vectors.root)
  })

  it('seals and opens metadata', async () => {
    const metadata = {
      name: inputs.name,
      mimeType: inputs.mimeType,
      width: 1280,
      sha256: await sha256(plaintext)
    }
    const random = { float: () => 0, bytes: () => inputs.metadataNonce }
    assert.equal(hex(sealMetadata(keys.metadataKey, inputs.contentId, metadata, random)), vectors.metadata)
    const opened = openMetadata(keys.metadataKey, inputs.contentId, bytes(vectors.metadata))
    assert.deepEqual({ ...opened, sha256: Buffer.from(opened.sha256!) }, metadata)
  })

  it('makes the manifest and its ID', async () => {
    const key = await generateKeyPairFromSeed('Ed25519', inputs.ownerSeed)
    const owner = {
      algorithm: 'ed25519' as const,
      publicKey: publicKeyToProtobuf(key.publicKey),
      sign: async (payload: Uint8Array) => key.sign(payload)
    }
    const draft = {
      contentId: inputs.contentId,
      commitment: keys.commitment,
      granters: 'holders' as const,
      sealedMetadata: bytes(vectors.metadata),
      file: { byteLength: inputs.byteLength, root: bytes(vectors.root) }
    }
    const manifest = await createManifest(draft, owner)
    assert.equal(hex(manifest.bytes), vectors.manifest)
    assert.equal(manifest.id, vectors.id)
    assert.equal((await verifyManifest(bytes(vectors.manifest), vectors.id)).count, 3)
  })

  it('derives everything that the ID gives', async () => {
    assert.equal(idOf(bytes(vectors.manifest)), vectors.id)
    assert.equal(hex(idBytes(vectors.id)), vectors.idBytes)
    assert.equal(digestOf(vectors.id), vectors.digest)
    const derived = deriveIdKeys(vectors.id)
    assert.equal(hex(derived.announcePublicKey), vectors.announcePublicKey)
    assert.equal(hex(await derived.announceSigner.sign(Buffer.from('hello'))), vectors.announceSignature)
    assert.equal(hex(derived.dhtKey), vectors.dhtKey)
    assert.equal(derived.topic, vectors.topic)
    assert.equal(hex(derived.hintKey), vectors.hintKey)
    assert.equal(hex(derived.proofKey), vectors.proofKey)
  })

  it('proves knowledge of the ID', () => {
    assert.equal(hex(createProof(bytes(vectors.proofKey), 'initiator', inputs)), vectors.initiatorProof)
    assert.equal(hex(createProof(bytes(vectors.proofKey), 'responder', inputs)), vectors.responderProof)
  })
})
