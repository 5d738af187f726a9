import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { freeMemory } from '../buffer-pool.ts'
import { PeerError } from '../errors.ts'
import { chunkLength, type Geometry, isChunkIndex } from './geometry.ts'

/** Bytes of the GCM tag that follows each chunk's ciphertext. */
export const TAG_LENGTH = 16

const NONCE_LENGTH = 12
// Small enough for the allocator to use the same memory again: half again as fast as whole chunks.
const SLICE_LENGTH = 64 * 1024
const AAD_LABEL = Buffer.from('chordcast/chunk/1')

/** Bytes of chunk `index` as it travels: ciphertext and tag. */
export function sealedLength(geometry: Geometry, index: number): number {
  return chunkLength(geometry, index) + TAG_LENGTH
}

/**
 * Encrypts and decrypts the chunks of one video with AES-256-GCM. The nonce is the chunk's index, which is safe only
 * because a chunk key belongs to exactly one plaintext. The authenticated data (label and version, content id, index,
 * count, chunk size, last flag) stop reordering, truncation and splicing between videos, after age's STREAM.
 */
export class ChunkCipher {
  readonly geometry: Geometry
  readonly #key: KeyObject
  readonly #contentId: Uint8Array

  /**
   * @param chunkKey 32 bytes, see `deriveContentKeys`
   * @param contentId 32 random bytes, see the manifest
   */
  constructor(chunkKey: Uint8Array, contentId: Uint8Array, geometry: Geometry) {
    // Made once: from bytes it would be made again for each chunk.
    this.#key = createSecretKey(chunkKey)
    this.#contentId = contentId
    this.geometry = geometry
  }

  /**
   * Ciphertext and tag of one chunk, in a buffer of its own.
   * @throws PeerError CHUNK_INVALID when `plaintext` has not the length of that chunk
   */
  seal(index: number, plaintext: Uint8Array): Uint8Array {
    const sealed = Buffer.allocUnsafeSlow(plaintext.length + TAG_LENGTH)
    let filled = 0
    for (const slice of this.sealSlices(index, plaintext)) {
      sealed.set(slice, filled)
      filled += slice.length
      freeMemory(slice)
    }
    return sealed
  }

  /**
   * The bytes of `seal` in slices, the tag last: for hashing a chunk without keeping it. Each slice is the caller's alone: see
   * `freeMemory`.
   * @throws PeerError CHUNK_INVALID as `seal`
   */
  *sealSlices(index: number, plaintext: Uint8Array): Generator<Uint8Array> {
    this.#requireLength(index, plaintext.length, 0)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(index))
    cipher.setAAD(this.#additionalData(index))
    for (let at = 0; at < plaintext.length; at += SLICE_LENGTH) {
      yield cipher.update(plaintext.subarray(at, at + SLICE_LENGTH))
    }
    cipher.final()
    yield cipher.getAuthTag()
  }

  /**
   * The plaintext of one chunk, in the place of `sealed`: the result is a view of it. When this throws, its bytes are of no use any more.
   * @throws PeerError CHUNK_INVALID when anything but the exact bytes of that chunk of that video is given
   */
  openInPlace(index: number, sealed: Uint8Array): Uint8Array {
    this.#requireLength(index, sealed.length, TAG_LENGTH)
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(index), { authTagLength: TAG_LENGTH })
    decipher.setAAD(this.#additionalData(index))
    decipher.setAuthTag(sealed.subarray(-TAG_LENGTH))
    const bytes = sealed.subarray(0, -TAG_LENGTH)
    for (let at = 0; at < bytes.length; at += SLICE_LENGTH) {
      const slice = decipher.update(bytes.subarray(at, at + SLICE_LENGTH))
      bytes.set(slice, at)
      freeMemory(slice)
    }
    try {
      decipher.final()
    } catch (cause) {
      throw invalidChunk(index, cause)
    }
    return bytes
  }

  #requireLength(index: number, length: number, overhead: number): void {
    const isRight =
      isChunkIndex(this.geometry, index) && length === chunkLength(this.geometry, index) + overhead
    if (!isRight) throw invalidChunk(index)
  }

  #additionalData(index: number): Uint8Array {
    const { chunkSize, count } = this.geometry
    const numbers = Buffer.alloc(13)
    numbers.writeUInt32BE(index, 0)
    numbers.writeUInt32BE(count, 4)
    numbers.writeUInt32BE(chunkSize, 8)
    numbers.writeUInt8(index === count - 1 ? 1 : 0, 12)
    return Buffer.concat([AAD_LABEL, this.#contentId, numbers])
  }
}

/** The chunk's index as one big-endian number of 96 bits. */
function nonceOf(index: number): Uint8Array {
  const nonce = Buffer.alloc(NONCE_LENGTH)
  nonce.writeUInt32BE(index, NONCE_LENGTH - 4)
  return nonce
}

function invalidChunk(index: number, cause?: unknown): PeerError {
  return new PeerError(
    'CHUNK_INVALID',
    `Chunk ${index} is damaged. It is fetched again from another holder.`,
    {
      cause
    }
  )
}
