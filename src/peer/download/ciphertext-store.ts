import type { Dirent } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../api.ts'
import type { Clock } from '../clock.ts'
import { Bitfield } from '../content/bitfield.ts'
import { sealedLength } from '../content/chunk-cipher.ts'
import { PeerError, systemErrorCode, toPeerError } from '../errors.ts'
import { EventEmitter, type Unsubscribe } from '../event-emitter.ts'
import { storageError, writeFileAtomically } from '../library/atomic-file.ts'
import type { Logger } from '../log.ts'
import { isVerified } from './chunk-crypto.ts'
import type { ChunkSecrets } from './chunk-store.ts'
import type { CacheMember, CiphertextCache } from './ciphertext-cache.ts'
import type { DownloadStore } from './download-store.ts'
import type { Playhead } from './playhead.ts'

/** Files whose times are read at once when a folder is opened. */
const FILES_AT_ONCE = 64

export interface CiphertextStoreInit {
  digest: Digest
  /** `chunks/<digest>/` of the data folder; made when the first chunk comes. */
  folder: string
  secrets: ChunkSecrets
  cache: CiphertextCache
  clock: Clock
  log: Logger
}

/**
 * A video's chunks as ciphertext, one file each, as they came: what is watched without being saved. Nothing of the plaintext
 * touches the disk. A chunk is here when its file is: files appear whole or not at all, and each is checked whenever it is read.
 */
export class CiphertextStore implements DownloadStore, CacheMember {
  readonly have: Bitfield
  readonly secrets: ChunkSecrets
  readonly #init: CiphertextStoreInit
  readonly #events = new EventEmitter<{ have: number }>()
  /** When each chunk was last stored or played, in milliseconds since the epoch; the one longest ago first. */
  readonly #usedAt = new Map<number, number>()
  #bytes = 0
  #playhead: Playhead | undefined
  #isDeleted = false

  private constructor(init: CiphertextStoreInit) {
    this.#init = init
    this.secrets = init.secrets
    this.have = new Bitfield(init.secrets.cipher.geometry.count)
  }

  /**
   * Opens what an earlier run left, or begins.
   * @throws PeerError FOLDER_UNWRITABLE
   */
  static async open(init: CiphertextStoreInit): Promise<CiphertextStore> {
    const store = new CiphertextStore(init)
    await store.#findChunks()
    init.cache.add(store)
    return store
  }

  /** Of all chunks that are here. */
  get bytes(): number {
    return this.#bytes
  }

  get isPlaying(): boolean {
    return this.#playhead?.playing ?? false
  }

  /** Half of the quota: another player, or a seek back, finds room as well. */
  get maxAheadBytes(): number {
    return this.#init.cache.quota / 2
  }

  /** Nothing is fetched for nobody: what no player needs comes while one is attached and the quota has room. */
  get spareBytes(): number {
    return this.isPlaying ? this.#init.cache.spareBytes : 0
  }

  /** Chunks are verified whenever they are read. */
  get unverified(): Bitfield {
    return new Bitfield(this.have.length)
  }

  /** The chunk that was used longest ago and that no player needs. */
  get stalest(): { index: number; usedAt: number } | undefined {
    for (const [index, usedAt] of this.#usedAt) {
      if (!this.#playhead?.needs(index)) return { index, usedAt }
    }
    return undefined
  }

  /** From now on what its players need is not given up. */
  follow(playhead: Playhead): void {
    this.#playhead = playhead
  }

  onHave(listener: (index: number) => void): Unsubscribe {
    return this.#events.on('have', listener)
  }

  async recheck(): Promise<void> {
    // Each read verifies.
  }

  async accept(index: number, sealed: Uint8Array): Promise<Uint8Array | undefined> {
    return (await isVerified(this.secrets, index, sealed)) ? sealed : undefined
  }

  async keep(index: number, sealed: Uint8Array): Promise<void> {
    if (this.#isDeleted || this.have.has(index)) return
    await this.#init.cache.write(sealed.length, async () => {
      await this.#write(index, sealed)
      if (!this.#isDeleted) this.#note(index, this.#init.clock.now())
    })
    // It may have been deleted while this was written.
    if (this.#isDeleted) await this.#removeFolder()
    else this.#events.emit('have', index)
  }

  async readPlain(index: number, signal: AbortSignal): Promise<Uint8Array> {
    const sealed = await this.#read(index, signal)
    this.#touch(index)
    try {
      return this.secrets.cipher.openInPlace(index, sealed)
    } catch {
      throw this.#damaged(index)
    }
  }

  async readSealed(index: number, signal: AbortSignal): Promise<Uint8Array> {
    const sealed = await this.#read(index, signal)
    if (!(await this.accept(index, sealed))) throw this.#damaged(index)
    return sealed
  }

  /** Gives up one chunk. */
  async evict(index: number): Promise<void> {
    this.#forget(index)
    await rm(this.#path(index), { force: true })
  }

  async flush(): Promise<void> {
    // What a power cut spoils is noticed when it is read.
  }

  async close(): Promise<void> {
    // It holds no file open, and is served on while nothing is fetched.
  }

  /** Deletes all of it, for good. */
  async discard(): Promise<void> {
    this.#isDeleted = true
    this.#init.cache.remove(this)
    for (const index of [...this.have]) this.#forget(index)
    await this.#removeFolder()
  }

  async #findChunks(): Promise<void> {
    const { geometry } = this.secrets.cipher
    const found: [index: number, usedAt: number][] = []
    const files = (await this.#list()).filter(file => file.isFile())
    for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
      const some = files.slice(at, at + FILES_AT_ONCE).map(async ({ name }) => {
        const index = /^\d{1,6}$/.test(name) ? Number(name) : Number.NaN
        const { size, mtimeMs } = await stat(join(this.#init.folder, name))
        if (index < geometry.count && size === sealedLength(geometry, index)) found.push([index, mtimeMs])
        // Half-written, or not ours.
        else await rm(join(this.#init.folder, name), { force: true })
      })
      await Promise.all(some)
    }
    for (const [index, usedAt] of found.sort(([, a], [, b]) => a - b)) this.#note(index, usedAt)
  }

  async #list(): Promise<Dirent[]> {
    try {
      return await readdir(this.#init.folder, { withFileTypes: true })
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return []
      throw storageError(error, this.#init.folder)
    }
  }

  async #write(index: number, sealed: Uint8Array): Promise<void> {
    const { folder } = this.#init
    if (this.have.size === 0) {
      await mkdir(folder, { recursive: true, mode: 0o700 }).catch(error => {
        throw storageError(error, folder)
      })
    }
    await writeFileAtomically(this.#path(index), sealed, { durable: false })
  }

  async #read(index: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted()
    if (!this.have.has(index)) throw notHere(index)
    try {
      return await readFile(this.#path(index))
    } catch (cause) {
      this.#init.log.warn(`Chunk ${index} of ${this.#init.digest.slice(0, 8)} is gone`, toPeerError(cause))
      this.#forget(index)
      throw notHere(index)
    }
  }

  #damaged(index: number): PeerError {
    const { digest, log } = this.#init
    log.warn(`Chunk ${index} of ${digest.slice(0, 8)} is damaged and fetched again`)
    this.evict(index).catch(error => log.warn('A damaged chunk could not be deleted', toPeerError(error)))
    return new PeerError('FILE_CHANGED', 'A part of the cache was changed. It is fetched again.')
  }

  #note(index: number, usedAt: number): void {
    if (!this.have.add(index)) return
    this.#usedAt.set(index, usedAt)
    this.#bytes += sealedLength(this.secrets.cipher.geometry, index)
  }

  #forget(index: number): void {
    if (!this.have.delete(index)) return
    this.#usedAt.delete(index)
    this.#bytes -= sealedLength(this.secrets.cipher.geometry, index)
    this.#playhead?.chunkLost()
  }

  /** It was played now; the file's time tells the next run. */
  #touch(index: number): void {
    const now = this.#init.clock.now()
    if (!this.#usedAt.delete(index)) return
    this.#usedAt.set(index, now)
    utimes(this.#path(index), now / 1000, now / 1000).catch(error =>
      this.#init.log.trace(`A chunk's time was not noted: ${String(error)}`)
    )
  }

  async #removeFolder(): Promise<void> {
    await rm(this.#init.folder, { recursive: true, force: true })
  }

  #path(index: number): string {
    return join(this.#init.folder, String(index))
  }
}

function notHere(index: number): PeerError {
  return new PeerError('FILE_MISSING', `Chunk ${index} is not here any more. It is fetched again.`)
}
