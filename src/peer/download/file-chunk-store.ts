import type { FileHandle } from 'node:fs/promises'
import type { Digest } from '../api.ts'
import { BufferPool } from '../buffer-pool.ts'
import { type Clock, systemClock } from '../clock.ts'
import { Bitfield } from '../content/bitfield.ts'
import { chunkLength, chunkOffset } from '../content/geometry.ts'
import { type FileIdentity, isSameFile, readFully } from '../content/source-file.ts'
import { PeerError, toPeerError } from '../errors.ts'
import type { Unsubscribe } from '../event-emitter.ts'
import { isSharedPlaintext, sealVerified } from './chunk-crypto.ts'
import type { ChunkSecrets, ChunkStore } from './chunk-store.ts'
import { HeldFile } from './held-file.ts'
import type { SealedCache } from './sealed-cache.ts'

export interface FileChunkStoreInit {
  digest: Digest
  path: string
  /** Of the file when its chunks were hashed. */
  identity: FileIdentity
  secrets: ChunkSecrets
  cache: SealedCache
  /** The set to show as `have`, if one exists already; it is full then. */
  have?: Bitfield
  clock?: Clock
  /** The file is no longer what was shared, or gone. Called once; from then on every read fails. */
  onStale: (reason: PeerError) => void
  /** The file looks different (it was touched or moved back) and holds the same bytes. */
  onIdentity?: (identity: FileIdentity) => void
}

/** Buffers kept for reading what is sealed next; a holder seals few chunks at once. */
const SPARE_BUFFERS = 4

/**
 * The chunks of a complete file: a shared source, or a finished download. When size, times or inode differ from when it was
 * hashed, the whole file is checked once: the same bytes are accepted, others make the store stale.
 */
export class FileChunkStore implements ChunkStore {
  readonly have: Bitfield
  readonly #init: FileChunkStoreInit
  readonly #file: HeldFile
  readonly #buffers = new BufferPool(SPARE_BUFFERS)
  #identity: FileIdentity
  #stale: PeerError | undefined
  #recheck: Promise<void> | undefined

  constructor(init: FileChunkStoreInit) {
    this.#init = init
    this.#identity = init.identity
    this.#file = new HeldFile(init.path, init.clock ?? systemClock)
    this.have = init.have ?? Bitfield.full(init.secrets.cipher.geometry.count)
  }

  /** Why the file cannot be served any more, if so. */
  get stale(): PeerError | undefined {
    return this.#stale
  }

  /** Nothing is gained: all is here from the start. */
  onHave(): Unsubscribe {
    return () => undefined
  }

  async readPlain(index: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted()
    const { geometry } = this.#init.secrets.cipher
    const plaintext = Buffer.allocUnsafeSlow(chunkLength(geometry, index))
    await this.#withFile(handle => this.#readChunk(handle, index, plaintext))
    return plaintext
  }

  async readSealed(index: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted()
    if (this.#stale) throw this.#stale
    const { digest, cache } = this.#init
    return await cache.getOrSeal(digest, index, () => this.#seal(index))
  }

  /** Looks at the file now, as `readPlain` does: for a check now and then when nobody asks for chunks. */
  async check(): Promise<void> {
    await this.#withFile(async () => undefined)
  }

  async #seal(index: number): Promise<Uint8Array> {
    const { secrets } = this.#init
    const plaintext = this.#buffers.take(chunkLength(secrets.cipher.geometry, index))
    try {
      await this.#withFile(handle => this.#readChunk(handle, index, plaintext))
      const sealed = await sealVerified(secrets, index, plaintext)
      if (!sealed || this.#stale) throw this.#becomeStale(changed())
      return sealed
    } finally {
      this.#buffers.give(plaintext)
    }
  }

  async #withFile<Result>(use: (handle: FileHandle) => Promise<Result>): Promise<Result> {
    if (this.#stale) throw this.#stale
    return await this.#file
      .use(async (handle, identity) => {
        if (!isSameFile(identity, this.#identity)) await this.#checkOnce(handle, identity)
        return await use(handle)
      })
      .catch(error => this.#refuse(error))
  }

  #refuse(error: unknown): never {
    const reason = toPeerError(error)
    const isGone = reason.code === 'FILE_MISSING' || reason.code === 'FILE_NOT_REGULAR'
    throw isGone ? this.#becomeStale(missing(error)) : reason
  }

  async #checkOnce(handle: FileHandle, identity: FileIdentity): Promise<void> {
    this.#recheck ??= this.#checkAll(handle, identity).finally(() => {
      this.#recheck = undefined
    })
    await this.#recheck
  }

  async #checkAll(handle: FileHandle, identity: FileIdentity): Promise<void> {
    const { secrets, onIdentity } = this.#init
    const { byteLength, count } = secrets.cipher.geometry
    if (identity.size !== byteLength) throw this.#becomeStale(changed())
    const buffer = Buffer.allocUnsafeSlow(chunkLength(secrets.cipher.geometry, 0))
    for (let index = 0; index < count; index++) {
      const plaintext = buffer.subarray(0, chunkLength(secrets.cipher.geometry, index))
      await this.#readChunk(handle, index, plaintext)
      if (!(await isSharedPlaintext(secrets, index, plaintext))) throw this.#becomeStale(changed())
    }
    this.#identity = identity
    onIdentity?.(identity)
  }

  async #readChunk(handle: FileHandle, index: number, target: Uint8Array): Promise<void> {
    await readFully(handle, target, chunkOffset(this.#init.secrets.cipher.geometry, index))
  }

  #becomeStale(reason: PeerError): PeerError {
    if (this.#stale) return this.#stale
    this.#stale = reason
    for (const index of [...this.have]) this.have.delete(index)
    this.#init.cache.forget(this.#init.digest)
    this.#init.onStale(reason)
    return reason
  }
}

function changed(): PeerError {
  return new PeerError('FILE_CHANGED', 'The file was changed after it was shared. Share it again.')
}

function missing(cause: unknown): PeerError {
  return new PeerError('FILE_MISSING', 'The file was moved or deleted. Put it back, or share it again.', {
    cause
  })
}
