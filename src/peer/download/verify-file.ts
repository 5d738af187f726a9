import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { VerifyResult } from '../api.ts'
import { chunkLength } from '../content/geometry.ts'
import { openSourceFile, readFully } from '../content/source-file.ts'
import { isSharedPlaintext } from './chunk-crypto.ts'
import type { ChunkSecrets } from './chunk-store.ts'

/** Bytes read at once where the video has no chunks left. */
const BLOCK = 256 * 1024

export interface VerifyFileInit {
  path: string
  secrets: ChunkSecrets
  signal?: AbortSignal
  /** Called after each chunk. */
  onProgress?: (bytesDone: number, bytes: number) => void
}

/**
 * Whether a file holds what the ID says: each chunk is encrypted again and compared with its leaf, which proves every byte.
 * The SHA-256 is of the file as it is.
 * @throws PeerError FILE_MISSING, FILE_NOT_REGULAR, FILE_UNREADABLE, FILE_CHANGED; the signal's reason
 */
export async function verifyFile({
  path,
  secrets,
  signal,
  onProgress
}: VerifyFileInit): Promise<VerifyResult> {
  const { handle, identity } = await openSourceFile(path)
  const { geometry } = secrets.cipher
  const bytes = identity.size
  const hash = createHash('sha256')
  let firstBadChunk: number | undefined
  try {
    for (let offset = 0, index = 0; offset < bytes; index++) {
      signal?.throwIfAborted()
      const wanted = index < geometry.count ? chunkLength(geometry, index) : BLOCK
      const block = await readBlock(handle, Math.min(wanted, bytes - offset), offset)
      hash.update(block)
      const isRight = firstBadChunk !== undefined || (await isChunk(secrets, index, block))
      if (!isRight) firstBadChunk = Math.min(index, geometry.count - 1)
      offset += block.length
      onProgress?.(offset, bytes)
    }
  } finally {
    await handle.close()
  }
  // A file cut exactly between two chunks has no wrong chunk: the first missing one is.
  if (bytes < geometry.byteLength) firstBadChunk ??= Math.floor(bytes / geometry.chunkSize)
  const result = { matches: firstBadChunk === undefined, bytes, sha256: hash.digest('hex') }
  return firstBadChunk === undefined ? result : { ...result, firstBadChunk }
}

async function readBlock(handle: FileHandle, length: number, offset: number): Promise<Uint8Array> {
  const block = Buffer.allocUnsafeSlow(length)
  await readFully(handle, block, offset)
  return block
}

async function isChunk(secrets: ChunkSecrets, index: number, block: Uint8Array): Promise<boolean> {
  const { geometry } = secrets.cipher
  if (index >= geometry.count || block.length !== chunkLength(geometry, index)) return false
  return await isSharedPlaintext(secrets, index, block)
}
