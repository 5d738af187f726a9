import { hkdfSync } from 'node:crypto'
import type { Random } from '../random.ts'

/** Bytes of a content key, and of everything derived from it. */
export const KEY_LENGTH = 32

/** What a content key K is split into. All are 32 bytes. */
export interface ContentKeys {
  /** AES-256-GCM key of the chunks. */
  readonly chunkKey: Uint8Array
  /** AES-256-GCM key of the metadata. */
  readonly metadataKey: Uint8Array
  /** Public: stands in the manifest and proves which K belongs to it, as GCM alone does not commit to its key. */
  readonly commitment: Uint8Array
}

/** A fresh random 256-bit content key. One share, one key, one plaintext. */
export function createContentKey(random: Random): Uint8Array {
  return random.bytes(KEY_LENGTH)
}

/**
 * Splits K by HKDF-SHA256 (RFC 5869) with an empty salt and the labels `chordcast/1/chunk-key`,
 * `chordcast/1/metadata-key` and `chordcast/1/key-commitment`.
 */
export function deriveContentKeys(contentKey: Uint8Array): ContentKeys {
  return {
    chunkKey: deriveBytes(contentKey, 'chunk-key'),
    metadataKey: deriveBytes(contentKey, 'metadata-key'),
    commitment: deriveBytes(contentKey, 'key-commitment')
  }
}

/** 32 bytes of HKDF-SHA256 with an empty salt over `secret`, for the purpose `chordcast/1/<purpose>`. */
export function deriveBytes(secret: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), `chordcast/1/${purpose}`, KEY_LENGTH))
}
