import { createHash } from 'node:crypto'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as multihash from 'multiformats/hashes/digest'
import type { Digest } from '../api.ts'
import { PeerError } from '../errors.ts'

const SHA2_256 = 0x12
const MAX_ID_TEXT = 128

/**
 * The ID of a video: CIDv1 (dag-cbor, sha2-256, base32) of its manifest's bytes. It names the manifest, the manifest names
 * the rest, so whoever has the ID can check everything.
 */
export function idOf(manifest: Uint8Array): string {
  const hash = createHash('sha256').update(manifest).digest()
  return CID.createV1(dagCbor.code, multihash.create(SHA2_256, hash)).toString()
}

/**
 * The ID in its one written form, from what a person pasted: space around it and capital letters do not matter.
 * @throws PeerError ID_INVALID
 */
export function parseId(text: string): string {
  const id = text.trim().toLowerCase()
  const cid = id.length <= MAX_ID_TEXT ? decodeCid(id) : undefined
  if (cid?.version !== 1 || cid.code !== dagCbor.code || cid.toString() !== id) throw invalidId()
  if (cid.multihash.code !== SHA2_256 || cid.multihash.size !== 32) throw invalidId()
  return id
}

function decodeCid(text: string): CID | undefined {
  try {
    return CID.parse(text)
  } catch (cause) {
    throw invalidId(cause)
  }
}

function invalidId(cause?: unknown): PeerError {
  return new PeerError(
    'ID_INVALID',
    'That is not a Chordcast ID. Copy the whole ID, 59 characters that begin with "bafyrei", or the whole link.',
    { cause }
  )
}

/**
 * The ID's 36 bytes, from which keys are derived.
 * @throws PeerError ID_INVALID
 */
export function idBytes(id: string): Uint8Array {
  return CID.parse(parseId(id)).bytes
}

/**
 * SHA-256 of the ID's bytes, lower-case hex: names the video in books, logs, requests and grants without giving the ID away.
 * @throws PeerError ID_INVALID
 */
export function digestOf(id: string): Digest {
  return createHash('sha256').update(idBytes(id)).digest('hex')
}
