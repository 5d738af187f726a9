import type { FileHandle } from 'node:fs/promises'
import type { Digest } from '../api.ts'
import { Bitfield } from '../content/bitfield.ts'
import { chunkLength, chunkOffset } from '../content/geometry.ts'
import { type FileIdentity, isSameFile, openSourceFile, readFully } from '../content/source-file.ts'
import { PeerError, toPeerError } from '../errors.ts'
import type { Unsubscribe } from '../event-emitter.ts'
import { isSharedPlaintext, sealVerified } from './chunk-crypto.ts'
import type { ChunkSecrets, ChunkStore } from './chunk-store.ts'
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
  /** The file is no longer what was shared, or gone. Called once; from then on every read fails. */
  onStale: (reason: PeerError) => void
  /** The file looks different (it was touched or moved back) and holds the same bytes. */
  onIdentity?: (identity: FileIdentity) => void
}

/**
 * The chunks of a complete file: a shared source, or a finished download. The file is opened for each read, so that a thousand shares
 * hold no descriptors. When size, times or inode differ from when it was hashed, the whole file is checked once: the same bytes
 * are accepted, others make the store stale.
 */
export class FileChunkStore implements ChunkStore {
  readonly have: Bitfield
  readonly #init: FileChunkStoreInit
  #identity: FileIdentity
  #stale: PeerError | undefined
  #recheck: Promise<void> | undefined

  constructor(init: FileChunkStoreInit) {
    this.#init = init
    this.#identity = init.identity
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
    return await this.#withFile(handle => this.#readChunk(handle, index))
  }

  async readSealed(index: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted()
    const { digest, cache, secrets } = this.#init
    const cached = this.#stale ? undefined : cache.get(digest, index)
    if (cached) return cached
    const plaintext = await this.readPlain(index, signal)
    const sealed = await sealVerified(secrets, index, plaintext)
    if (!sealed) throw this.#becomeStale(changed())
    cache.set(digest, index, sealed)
    return sealed
  }

  /** Looks at the file now, as `readPlain` does: for a check now and then when nobody asks for chunks. */
  async check(): Promise<void> {
    await this.#withFile(async () => undefined)
  }

  async #withFile<Result>(use: (handle: FileHandle) => Promise<Result>): Promise<Result> {
    if (this.#stale) throw this.#stale
    const { handle, identity } = await openSourceFile(this.#init.path).catch(error => this.#refuse(error))
    try {
      if (!isSameFile(identity, this.#identity)) await this.#checkOnce(handle, identity)
      return await use(handle)
    } finally {
      await handle.close()
    }
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
    for (let index = 0; index < count; index++) {
      const plaintext = await this.#readChunk(handle, index)
      if (!(await isSharedPlaintext(secrets, index, plaintext))) throw this.#becomeStale(changed())
    }
    this.#identity = identity
    onIdentity?.(identity)
  }

  async #readChunk(handle: FileHandle, index: number): Promise<Uint8Array> {
    const { geometry } = this.#init.secrets.cipher
    const plaintext = Buffer.allocUnsafeSlow(chunkLength(geometry, index))
    await readFully(handle, plaintext, chunkOffset(geometry, index))
    return plaintext
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
