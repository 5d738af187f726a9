import { createCipheriv, createDecipheriv } from 'node:crypto'
import * as v from 'valibot'
import { PeerError } from '../errors.ts'
import type { Random } from '../random.ts'
import { decodeCanonical, encodeCanonical } from '../wire/canonical.ts'
import { bytesOf, bytesUpTo, listUpTo, textUpTo } from '../wire/message-schema.ts'
import { type PackedCaption, packedCaptionsSchema } from './captions/packed-captions.ts'
import { parseId } from './content-id.ts'
import { safeFileName } from './file-name.ts'
import { type MediaFacts, mediaFactsEntries } from './media-facts.ts'
import { MAX_POSTER_BYTES } from './poster.ts'

/** Most members of a list. */
export const MAX_LIST_MEMBERS = 500

const MAX_METADATA_BYTES = 220 * 1024
const MAX_NAME_BYTES = 255
const NONCE_LENGTH = 12
const TAG_LENGTH = 16
const AAD_LABEL = Buffer.from('chordcast/metadata/1')

/** One video, caption track or other file of a list. */
export interface ListMember {
  id: string
  name: string
}

/** What only those with the key can read: the owner's word, apart from what we check ourselves. */
export interface Metadata extends MediaFacts {
  /** Safe to create in a folder: see `safeFileName`. */
  name: string
  /** What the owner's peer sniffed. Shown, never trusted for playing. */
  mimeType: string
  /** SHA-256 of the whole plaintext; absent for a list. */
  sha256?: Uint8Array
  /** A raster image of at most 64 KiB. */
  poster?: Uint8Array
  /** See `unpackCaptions`. */
  captions?: PackedCaption[]
  /** Of a list; absent for a file. */
  members?: ListMember[]
}

const nameSchema = v.pipe(v.string(), v.minLength(1), v.maxBytes(MAX_NAME_BYTES), v.transform(safeFileName))

const schema = v.object({
  name: nameSchema,
  mimeType: v.pipe(textUpTo(100), v.regex(/^[a-z]+\/[a-z0-9.+-]+$/)),
  sha256: v.optional(bytesOf(32)),
  ...mediaFactsEntries,
  poster: v.optional(bytesUpTo(MAX_POSTER_BYTES)),
  captions: v.optional(packedCaptionsSchema),
  members: v.optional(
    listUpTo(v.object({ id: v.pipe(textUpTo(128), v.check(isId)), name: nameSchema }), MAX_LIST_MEMBERS)
  )
})

/**
 * Encrypts the metadata: random nonce of 12 bytes ‖ AES-256-GCM ciphertext of dag-cbor ‖ tag, authenticated with
 * `chordcast/metadata/1` and the content id.
 * @throws PeerError MANIFEST_INVALID when something is out of bounds; names are made safe first
 */
export function sealMetadata(
  metadataKey: Uint8Array,
  contentId: Uint8Array,
  metadata: Metadata,
  random: Random
): Uint8Array {
  const encoded = encodeCanonical(withoutAbsent(validate({ ...metadata, ...safeNames(metadata) })))
  if (encoded.length > MAX_METADATA_BYTES) throw invalidMetadata('they are too long')
  const nonce = random.bytes(NONCE_LENGTH)
  const cipher = createCipheriv('aes-256-gcm', metadataKey, nonce)
  cipher.setAAD(additionalData(contentId))
  return Buffer.concat([nonce, cipher.update(encoded), cipher.final(), cipher.getAuthTag()])
}

/**
 * Decrypts and validates the metadata. Unknown fields are ignored.
 * @throws PeerError MANIFEST_INVALID, UPGRADE_NEEDED
 */
export function openMetadata(metadataKey: Uint8Array, contentId: Uint8Array, sealed: Uint8Array): Metadata {
  const encoded = decrypt(metadataKey, contentId, sealed)
  try {
    return validate(decodeCanonical(encoded, { maxBytes: MAX_METADATA_BYTES }))
  } catch (cause) {
    const isTyped = cause instanceof PeerError && !cause.code.startsWith('FRAME_')
    throw isTyped ? cause : invalidMetadata('they are malformed', cause)
  }
}

function decrypt(metadataKey: Uint8Array, contentId: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length < NONCE_LENGTH + TAG_LENGTH) throw invalidMetadata('they are cut short')
  const nonce = sealed.subarray(0, NONCE_LENGTH)
  const decipher = createDecipheriv('aes-256-gcm', metadataKey, nonce, { authTagLength: TAG_LENGTH })
  decipher.setAAD(additionalData(contentId))
  decipher.setAuthTag(sealed.subarray(-TAG_LENGTH))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_LENGTH, -TAG_LENGTH)), decipher.final()])
  } catch (cause) {
    throw invalidMetadata('they cannot be decrypted', cause)
  }
}

function additionalData(contentId: Uint8Array): Uint8Array {
  return Buffer.concat([AAD_LABEL, contentId])
}

function validate(value: unknown): Metadata {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  throw invalidMetadata(`the ${v.getDotPath(result.issues[0]) ?? 'form'} does not fit`)
}

function safeNames({ name, members }: Metadata): Partial<Metadata> {
  const safeMembers = members?.map(member => ({ id: member.id, name: safeFileName(member.name) }))
  return { name: safeFileName(name), ...(safeMembers && { members: safeMembers }) }
}

// dag-cbor has no `undefined`.
function withoutAbsent(metadata: Metadata): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined))
}

function isId(text: string): boolean {
  try {
    return parseId(text) === text
  } catch {
    // `parseId` explains itself to people; here only the answer counts.
    return false
  }
}

function invalidMetadata(detail: string, cause?: unknown): PeerError {
  return new PeerError(
    'MANIFEST_INVALID',
    `The video's metadata are unusable: ${detail}. Ask for a new ID.`,
    { cause }
  )
}
