import { createHash } from 'node:crypto'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import * as v from 'valibot'
import { PeerError } from '../errors.ts'
import { bytesOf, bytesUpTo, integer } from '../wire/message-schema.ts'
import { publicKeyFromBytes, type Signer, verifyPayload } from '../wire/signature.ts'
import { idOf, parseId } from './content-id.ts'
import { KEY_LENGTH } from './content-key.ts'
import { type Geometry, geometryOf, MAX_BYTE_LENGTH } from './geometry.ts'
import { HASH_LENGTH } from './merkle-tree.ts'
import { decodeSigned, encodeSigned, type SignedFormat } from './signed-object.ts'

/** Largest manifest, in bytes. Poster or members are most of it. */
export const MAX_MANIFEST_BYTES = 256 * 1024
/** Bytes of the random content id. */
export const CONTENT_ID_LENGTH = 32

const MAX_SEALED_METADATA_BYTES = 224 * 1024
const MAX_PUBLIC_KEY_BYTES = 640

/** `list` has no chunks of its own: its encrypted metadata name the IDs of its members. */
export type ManifestKind = 'file' | 'list'

/** Who may grant the key: any holder (policy *open*), or the owner alone. */
export type Granters = 'holders' | 'owner'

/** The description of one share, as every holder can read it. What can change later is not in it. */
export interface Manifest extends Geometry {
  /** The exact bytes that the ID names; what holders serve. */
  readonly bytes: Uint8Array
  readonly id: string
  readonly kind: ManifestKind
  /** 32 random bytes: authenticated with each chunk, names nothing. */
  readonly contentId: Uint8Array
  /** Merkle root over the chunks' ciphertext. */
  readonly root: Uint8Array
  /** libp2p protobuf encoding of the owner's identity key, which signed this. */
  readonly ownerPublicKey: Uint8Array
  readonly ownerPeerId: string
  /** See `deriveContentKeys`. */
  readonly commitment: Uint8Array
  readonly granters: Granters
  /** See `sealMetadata`. */
  readonly sealedMetadata: Uint8Array
}

/** What the owner decides or has computed before signing. */
export interface ManifestDraft {
  contentId: Uint8Array
  commitment: Uint8Array
  granters: Granters
  sealedMetadata: Uint8Array
  /** Absent for a list. */
  file?: { byteLength: number; root: Uint8Array }
}

const EMPTY_ROOT = createHash('sha256').digest()
const EMPTY_GEOMETRY: Geometry = { byteLength: 0, chunkSize: 0, count: 0 }

const schema = v.looseObject({
  kind: v.picklist(['file', 'list']),
  contentId: bytesOf(CONTENT_ID_LENGTH),
  chunkSize: integer(),
  count: integer(),
  byteLength: integer(0, MAX_BYTE_LENGTH),
  root: bytesOf(HASH_LENGTH),
  owner: bytesUpTo(MAX_PUBLIC_KEY_BYTES),
  commitment: bytesOf(KEY_LENGTH),
  granters: v.picklist(['holders', 'owner']),
  metadata: bytesUpTo(MAX_SEALED_METADATA_BYTES)
})
type ManifestFields = v.InferOutput<typeof schema>

const format: SignedFormat<typeof schema> = {
  type: 'manifest',
  version: 1,
  maxBytes: MAX_MANIFEST_BYTES,
  schema,
  invalid: (detail, cause) =>
    new PeerError('MANIFEST_INVALID', `The video's description is damaged: ${detail}. Ask for a new ID.`, {
      cause
    })
}

/**
 * Signs the description of a share with the owner's identity key.
 * @throws PeerError FILE_EMPTY or FILE_TOO_LARGE for such a length, MANIFEST_INVALID for metadata that are too large
 */
export async function createManifest(draft: ManifestDraft, owner: Signer): Promise<Manifest> {
  const geometry = draft.file ? geometryOf(draft.file.byteLength) : EMPTY_GEOMETRY
  const bytes = await encodeSigned(
    format,
    {
      kind: draft.file ? 'file' : 'list',
      ...geometry,
      contentId: draft.contentId,
      root: draft.file?.root ?? EMPTY_ROOT,
      owner: owner.publicKey,
      commitment: draft.commitment,
      granters: draft.granters,
      metadata: draft.sealedMetadata
    },
    owner
  )
  return await verifyManifest(bytes)
}

/**
 * Reads a manifest and checks everything that can be checked without the key.
 * @param id what was asked for; leave it out only for a manifest that came from our own books
 * @throws PeerError MANIFEST_INVALID, SIGNATURE_INVALID, UPGRADE_NEEDED
 */
export async function verifyManifest(bytes: Uint8Array, id?: string): Promise<Manifest> {
  if (bytes.length > MAX_MANIFEST_BYTES) throw format.invalid('it is too long')
  if (id !== undefined && idOf(bytes) !== parseId(id)) throw format.invalid('it belongs to another ID')
  const { fields, payload, signature } = decodeSigned(format, bytes)
  requireConsistent(fields)
  const isSigned = await verifyPayload(fields.owner, format.type, format.version, payload, signature)
  if (!isSigned) {
    throw new PeerError(
      'SIGNATURE_INVALID',
      "The owner's signature on this video is wrong. Ask for a new ID."
    )
  }
  return toManifest(bytes, fields)
}

function requireConsistent(fields: ManifestFields): void {
  const expected = fields.kind === 'list' ? EMPTY_GEOMETRY : fileGeometry(fields)
  const isConsistent =
    fields.byteLength === expected.byteLength &&
    fields.chunkSize === expected.chunkSize &&
    fields.count === expected.count
  if (!isConsistent) throw format.invalid('its sizes contradict each other')
  if (fields.kind === 'list' && Buffer.compare(fields.root, EMPTY_ROOT) !== 0) {
    throw format.invalid('a list has no chunks')
  }
}

function fileGeometry(fields: ManifestFields): Geometry {
  if (fields.byteLength === 0) throw format.invalid('it describes an empty file')
  return geometryOf(fields.byteLength)
}

function toManifest(bytes: Uint8Array, fields: ManifestFields): Manifest {
  return {
    bytes,
    id: idOf(bytes),
    kind: fields.kind,
    contentId: fields.contentId,
    byteLength: fields.byteLength,
    chunkSize: fields.chunkSize,
    count: fields.count,
    root: fields.root,
    ownerPublicKey: fields.owner,
    ownerPeerId: peerIdFromPublicKey(publicKeyFromBytes(fields.owner)).toString(),
    commitment: fields.commitment,
    granters: fields.granters,
    sealedMetadata: fields.metadata
  }
}
