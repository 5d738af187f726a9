import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { freeMemory } from '../buffer-pool.ts'
import { PeerError, toPeerError } from '../errors.ts'
import { ChunkCipher, TAG_LENGTH } from './chunk-cipher.ts'
import { ChunkTags } from './chunk-tags.ts'
import { chunkLength, chunkOffset, type Geometry, geometryOf, MAX_CHUNK_SIZE } from './geometry.ts'
import { HASH_LENGTH, leafHasher, MerkleTreeBuilder } from './merkle-tree.ts'
import {
  type FileIdentity,
  type OpenSourceFile,
  openSourceFile,
  readFully,
  requireUnchanged
} from './source-file.ts'

/** What one pass over a source file yields. The ciphertext itself is not kept. */
export interface SealedFile {
  geometry: Geometry
  /** Concatenated Merkle leaves, 32 bytes a chunk. */
  leaves: Uint8Array
  /** The chunks' own, for serving the file later. */
  tags: ChunkTags
  root: Uint8Array
  /** SHA-256 of the plaintext. */
  sha256: Uint8Array
  /** What the file was, before and after. */
  identity: FileIdentity
}

/** The key and content id that the chunks are encrypted with. */
export interface SealKeys {
  chunkKey: Uint8Array
  contentId: Uint8Array
}

export interface SealFileOptions {
  signal?: AbortSignal
  /** Called after each 2 MiB or so. */
  onProgress?: (bytesDone: number, bytes: number) => void
}

/** Bytes read at once; each is a whole number of chunks, as all chunk sizes divide the largest. */
const BLOCK_SIZE = MAX_CHUNK_SIZE
/** Bytes encrypted before the event loop gets its turn: a millisecond or two. */
const BYTES_PER_TURN = 512 * 1024

/**
 * Reads a file once, encrypts it chunk by chunk and hashes both sides: what sharing needs, and what `verify` compares.
 * Uses a few MiB whatever the size of the file. The next block is read while one is encrypted, and the event loop gets its
 * turn every half MiB.
 * @throws PeerError FILE_MISSING, FILE_NOT_REGULAR, FILE_UNREADABLE, FILE_EMPTY, FILE_TOO_LARGE; FILE_CHANGED when the file
 * is not the same at the end; ABORTED
 */
export async function sealFile(
  path: string,
  keys: SealKeys,
  options: SealFileOptions = {}
): Promise<SealedFile> {
  throwIfAborted(options.signal)
  const source = await openSourceFile(path)
  try {
    const pass = new SealingPass(source, keys)
    await pass.run(options)
    await requireUnchanged(path, source)
    return { ...pass.result(), identity: source.identity }
  } finally {
    await source.handle.close()
  }
}

class SealingPass {
  readonly #source: OpenSourceFile
  readonly #cipher: ChunkCipher
  readonly #leaves: Uint8Array
  readonly #tags: ChunkTags
  readonly #tree = new MerkleTreeBuilder()
  readonly #plaintextHash = createHash('sha256')
  #bytesInTurn = 0

  constructor(source: OpenSourceFile, { chunkKey, contentId }: SealKeys) {
    const geometry = geometryOf(source.identity.size)
    this.#source = source
    this.#cipher = new ChunkCipher(chunkKey, contentId, geometry)
    this.#leaves = new Uint8Array(geometry.count * HASH_LENGTH)
    this.#tags = new ChunkTags(geometry.count)
  }

  get #geometry(): Geometry {
    return this.#cipher.geometry
  }

  async run({ signal, onProgress }: SealFileOptions): Promise<void> {
    const { byteLength } = this.#geometry
    // Two buffers: one is filled while the other is encrypted.
    let spare = Buffer.allocUnsafeSlow(Math.min(BLOCK_SIZE, byteLength))
    let block = await this.#read(Buffer.allocUnsafeSlow(spare.length), 0)
    for (let position = 0; position < byteLength; ) {
      throwIfAborted(signal)
      const next = position + block.length
      const [read] = await Promise.all([this.#read(spare, next), this.#seal(block, position)])
      onProgress?.(next, byteLength)
      spare = Buffer.from(block.buffer)
      block = read
      position = next
    }
  }

  result(): Omit<SealedFile, 'identity'> {
    return {
      geometry: this.#geometry,
      leaves: this.#leaves,
      tags: this.#tags,
      root: this.#tree.root(),
      sha256: this.#plaintextHash.digest()
    }
  }

  async #read(buffer: Buffer<ArrayBuffer>, position: number): Promise<Buffer<ArrayBuffer>> {
    const block = buffer.subarray(0, Math.max(0, this.#geometry.byteLength - position))
    await readFully(this.#source.handle, block, position)
    return block
  }

  async #seal(block: Uint8Array, position: number): Promise<void> {
    const first = position / this.#geometry.chunkSize
    const end = first + Math.ceil(block.length / this.#geometry.chunkSize)
    for (let index = first; index < end; index++) {
      const leaf = await this.#sealChunk(index, this.#chunkOf(block, position, index))
      this.#leaves.set(leaf, index * HASH_LENGTH)
      this.#tree.append(leaf)
    }
  }

  // On this thread: handing pieces to the pool and back costs more processor time than it saves. Others get their turn often.
  async #sealChunk(index: number, plaintext: Uint8Array): Promise<Uint8Array> {
    this.#plaintextHash.update(plaintext)
    const leaf = leafHasher(index)
    for (const slice of this.#cipher.sealSlices(index, plaintext)) {
      leaf.update(slice)
      // The last one is the tag.
      if (slice.length === TAG_LENGTH) this.#tags.note(index, slice)
      this.#bytesInTurn += slice.length
      freeMemory(slice)
      if (this.#bytesInTurn >= BYTES_PER_TURN) await this.#nextTurn()
    }
    return leaf.digest()
  }

  async #nextTurn(): Promise<void> {
    this.#bytesInTurn = 0
    await setImmediate()
  }

  #chunkOf(block: Uint8Array, position: number, index: number): Uint8Array {
    const start = chunkOffset(this.#geometry, index) - position
    return block.subarray(start, start + chunkLength(this.#geometry, index))
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return
  const reason = toPeerError(signal.reason)
  throw reason.code === 'INTERNAL' ? new PeerError('ABORTED', 'Cancelled.', { cause: signal.reason }) : reason
}
