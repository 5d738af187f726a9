import {
  aesGcm,
  cbor,
  ed25519,
  hkdf,
  libp2pEd25519,
  merkleTreeHash,
  referenceId,
  referenceLeaf,
  referenceProof,
  sealChunk,
  sha256,
  signedObject
} from './reference-implementation.ts'

/** Fixed bytes: a counter from `start` on. */
export function counterBytes(length: number, start: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (start + at) & 255)
}

/** Fixed plaintext that differs from chunk to chunk. */
export function samplePlaintext(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 255)
}

/** What the vectors start from. */
export const inputs = {
  contentKey: counterBytes(32, 0),
  contentId: counterBytes(32, 100),
  ownerSeed: counterBytes(32, 200),
  metadataNonce: counterBytes(12, 50),
  chunkSize: 262_144,
  byteLength: 600_000,
  name: 'Démo 🎬.mp4',
  mimeType: 'video/mp4',
  initiator: 'QmInitiator',
  responder: 'QmResponder',
  initiatorNonce: counterBytes(32, 10),
  responderNonce: counterBytes(32, 20)
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** All vectors, as hex or text: what `vectors.json` holds. */
export async function computeVectors() {
  const content = await contentVectors()
  const id = await referenceId(Buffer.from(content.manifest, 'hex'))
  return { ...content, ...(await idVectors(id.bytes)), id: id.text, idBytes: hex(id.bytes) }
}

async function contentVectors() {
  const { contentKey, contentId, byteLength } = inputs
  const chunkKey = await hkdf(contentKey, 'chordcast/1/chunk-key')
  const metadataKey = await hkdf(contentKey, 'chordcast/1/metadata-key')
  const commitment = await hkdf(contentKey, 'chordcast/1/key-commitment')
  const plaintext = samplePlaintext(byteLength)
  const sealed = await sealAll(chunkKey, plaintext)
  const leaves = await Promise.all(sealed.map((chunk, index) => referenceLeaf(index, chunk)))
  const root = await merkleTreeHash(leaves)
  const metadata = await sealedMetadata(metadataKey, await sha256(plaintext))
  const owner = await ed25519(inputs.ownerSeed)
  const fields = {
    kind: 'file',
    contentId,
    chunkSize: inputs.chunkSize,
    count: sealed.length,
    byteLength,
    root,
    owner: libp2pEd25519(owner.publicKey),
    commitment,
    granters: 'holders',
    metadata
  }
  return {
    chunkKey: hex(chunkKey),
    metadataKey: hex(metadataKey),
    commitment: hex(commitment),
    sealedChunkHashes: await Promise.all(sealed.map(async chunk => hex(await sha256(chunk)))),
    lastChunkTag: hex(sealed.at(-1)!.subarray(-16)),
    leaves: leaves.map(hex),
    root: hex(root),
    metadata: hex(metadata),
    manifest: hex(await signedObject('manifest', fields, owner))
  }
}

function sealAll(chunkKey: Uint8Array, plaintext: Uint8Array) {
  const { chunkSize, contentId } = inputs
  const count = Math.ceil(plaintext.length / chunkSize)
  const indices = Array.from({ length: count }, (_, index) => index)
  return Promise.all(
    indices.map(index => {
      const chunk = plaintext.subarray(index * chunkSize, (index + 1) * chunkSize)
      return sealChunk(chunkKey, contentId, { index, count, chunkSize }, chunk)
    })
  )
}

async function sealedMetadata(metadataKey: Uint8Array, plaintextHash: Uint8Array): Promise<Buffer> {
  const aad = Buffer.concat([Buffer.from('chordcast/metadata/1'), inputs.contentId])
  const encoded = cbor({ name: inputs.name, mimeType: inputs.mimeType, sha256: plaintextHash, width: 1280 })
  return Buffer.concat([inputs.metadataNonce, await aesGcm(metadataKey, inputs.metadataNonce, aad, encoded)])
}

async function idVectors(idBytes: Uint8Array) {
  const announce = await ed25519(await hkdf(idBytes, 'chordcast/1/announce-key'))
  const topic = await hkdf(idBytes, 'chordcast/1/topic')
  const proofKey = await hkdf(idBytes, 'chordcast/1/proof-key')
  const { initiator, responder, initiatorNonce, responderNonce } = inputs
  const proofOf = (role: string): Promise<Buffer> =>
    referenceProof(proofKey, [
      'chordcast/proof/1',
      role,
      initiator,
      responder,
      initiatorNonce,
      responderNonce
    ])
  return {
    digest: hex(await sha256(idBytes)),
    announcePublicKey: hex(announce.publicKey),
    announceSignature: hex(await announce.sign(Buffer.from('hello'))),
    dhtKey: hex(await sha256(libp2pEd25519(announce.publicKey))),
    hintKey: hex(await hkdf(idBytes, 'chordcast/1/hint-key')),
    topic: `/chordcast/video/1/${topic.toString('base64url')}`,
    proofKey: hex(proofKey),
    initiatorProof: hex(await proofOf('initiator')),
    responderProof: hex(await proofOf('responder'))
  }
}

// Run directly, this file prints what belongs into vectors.json.
if (import.meta.main) process.stdout.write(`${JSON.stringify(await computeVectors(), null, 2)}\n`)
