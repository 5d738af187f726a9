import { createHash } from 'node:crypto'
import { ChunkCipher } from '../../../src/peer/content/chunk-cipher.ts'
import { ChunkTags } from '../../../src/peer/content/chunk-tags.ts'
import { digestOf } from '../../../src/peer/content/content-id.ts'
import { createContentKey, deriveContentKeys } from '../../../src/peer/content/content-key.ts'
import { chunkLength, chunkOffset, geometryOf } from '../../../src/peer/content/geometry.ts'
import { createManifest, type Manifest } from '../../../src/peer/content/manifest.ts'
import { HASH_LENGTH, leafHash, merkleRoot } from '../../../src/peer/content/merkle-tree.ts'
import { sealMetadata } from '../../../src/peer/content/metadata.ts'
import type { ChunkSecrets } from '../../../src/peer/download/chunk-store.ts'
import { createIdentity } from '../content/signers.ts'
import { seededRandom } from './seeded-random.ts'

/** Chunk size of all videos up to 512 MiB. */
export const CHUNK = 256 * 1024

/** A shared video with real keys, as its owner has it. */
export interface SampleVideo {
  id: string
  digest: string
  plaintext: Uint8Array
  sha256: string
  manifest: Manifest
  leaves: Uint8Array
  contentKey: Uint8Array
  secrets: ChunkSecrets
  /** Ciphertext and tag of each chunk. */
  sealed: Uint8Array[]
}

/** A video of `byteLength` bytes that follow from `seed`. */
export async function sampleVideo(byteLength: number, name = 'sample.webm', seed = 1): Promise<SampleVideo> {
  const random = seededRandom(seed)
  const plaintext = Buffer.alloc(byteLength, random.bytes(1021))
  for (let at = 0; at + 4 < byteLength; at += 4096) plaintext.writeUInt32BE(at, at)
  const owner = await createIdentity('Ed25519')
  const contentKey = createContentKey(random)
  const keys = deriveContentKeys(contentKey)
  const contentId = random.bytes(32)
  const geometry = geometryOf(byteLength)
  const cipher = new ChunkCipher(keys.chunkKey, contentId, geometry)
  const sealed = Array.from({ length: geometry.count }, (_, index) => {
    const offset = chunkOffset(geometry, index)
    return cipher.seal(index, plaintext.subarray(offset, offset + chunkLength(geometry, index)))
  })
  const leaves = new Uint8Array(geometry.count * HASH_LENGTH)
  sealed.forEach((chunk, index) => {
    leaves.set(leafHash(index, chunk), index * HASH_LENGTH)
  })
  const sha256 = createHash('sha256').update(plaintext).digest()
  const metadata = { name, mimeType: 'video/webm', sha256 }
  const manifest = await createManifest(
    {
      contentId,
      commitment: keys.commitment,
      granters: 'holders',
      sealedMetadata: sealMetadata(keys.metadataKey, contentId, metadata, random),
      file: { byteLength, root: merkleRoot(leaves) }
    },
    owner
  )
  return {
    id: manifest.id,
    digest: digestOf(manifest.id),
    plaintext,
    sha256: sha256.toString('hex'),
    manifest,
    leaves,
    contentKey,
    secrets: { cipher, leaves, tags: new ChunkTags(manifest.count) },
    sealed
  }
}
