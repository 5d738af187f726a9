import type { Digest } from '../api.ts'
import { Bitfield } from '../content/bitfield.ts'
import { type FileIdentity, identifyFile } from '../content/source-file.ts'
import { PeerError } from '../errors.ts'
import { EventEmitter, type Unsubscribe } from '../event-emitter.ts'
import type { Logger } from '../log.ts'
import { isSharedPlaintext, openVerified } from './chunk-crypto.ts'
import type { ChunkSecrets, ChunkStore } from './chunk-store.ts'
import type { DownloadStore } from './download-store.ts'
import { FileChunkStore } from './file-chunk-store.ts'
import type { FileSystem } from './file-system.ts'
import { PartChunkStore } from './part-chunk-store.ts'
import { PartFile } from './part-file.ts'
import type { SealedCache } from './sealed-cache.ts'
import { type DownloadTarget, PART_SUFFIX } from './target.ts'
import { verifyFile } from './verify-file.ts'

/** The resume journal: `library/journal.ts` fits by shape. */
export interface ResumeJournal {
  /** One bit a chunk, the first in the highest bit: see `Bitfield.toBytes`. */
  readonly have: Uint8Array
  /** What it lists cannot be trusted: every chunk of the unfinished file may be there. */
  readonly mustVerify: boolean
  record(index: number): void
  flush(): Promise<void>
  reset(have: Uint8Array): Promise<void>
  close(): Promise<void>
  delete(): Promise<void>
}

/** The finished file. */
export interface FinishedFile {
  /** Absolute. */
  path: string
  identity: FileIdentity
}

export interface UnfinishedVideoInit {
  digest: Digest
  target: DownloadTarget
  /** Name to save under when the target has none; safe to create. */
  fileName: string
  /** Unfinished file of an earlier run. */
  partPath: string | undefined
  secrets: ChunkSecrets
  cache: SealedCache
  fs: FileSystem
  log: Logger
  openJournal(count: number): Promise<ResumeJournal>
  /** Keeps the path of the unfinished file, durably. */
  keepPartPath(path: string): Promise<void>
  /** Keeps that the file is finished, durably: afterwards the journal goes. */
  keepFinished(file: FinishedFile): Promise<void>
  /** Chunks that were here are missing again. */
  onLost: () => void
  /** The finished file is no longer what was downloaded, or gone. */
  onStale: (reason: PeerError) => void
}

interface UnfinishedVideoEvents {
  have: number
}

/**
 * A video whose key is known and whose file is arriving: the unfinished file, its journal and the set of chunks that are here. It
 * is the video's store before, while and after the file is finished.
 */
export class UnfinishedVideo implements DownloadStore {
  readonly maxAheadBytes = Number.POSITIVE_INFINITY
  /** All of it is fetched, whoever plays it. */
  readonly spareBytes = Number.POSITIVE_INFINITY
  readonly have: Bitfield
  readonly secrets: ChunkSecrets
  readonly #init: UnfinishedVideoInit
  readonly #journal: ResumeJournal
  readonly #part: PartFile | undefined
  readonly #events: EventEmitter<UnfinishedVideoEvents>
  #chunks: Pick<ChunkStore, 'readPlain' | 'readSealed'>
  #finished: FinishedFile | undefined

  private constructor(init: UnfinishedVideoInit, journal: ResumeJournal, part: PartFile | undefined) {
    this.#init = init
    this.#events = new EventEmitter(error =>
      init.log.error('A listener of an unfinished video failed', error)
    )
    this.#journal = journal
    this.#part = part
    this.secrets = init.secrets
    this.have = new Bitfield(init.secrets.cipher.geometry.count)
    this.#chunks = part ? this.#partChunks(part) : this.#nothing()
  }

  /**
   * Opens what an earlier run left, or begins.
   * @throws PeerError DISK_FULL, FOLDER_UNWRITABLE, FILE_EXISTS
   */
  static async open(init: UnfinishedVideoInit): Promise<UnfinishedVideo> {
    const { geometry } = init.secrets.cipher
    const journal = await init.openJournal(geometry.count)
    try {
      const finished = await findFinished(init, journal)
      if (finished) return await UnfinishedVideo.#adopt(init, journal, finished)
      const part = await openPart(init, journal)
      return new UnfinishedVideo(init, journal, part)
    } catch (error) {
      await journal.close()
      throw error
    }
  }

  static async #adopt(
    init: UnfinishedVideoInit,
    journal: ResumeJournal,
    file: FinishedFile
  ): Promise<UnfinishedVideo> {
    const video = new UnfinishedVideo(init, journal, undefined)
    for (let index = 0; index < video.have.length; index++) video.have.add(index)
    await video.#becomeFinished(file)
    return video
  }

  /** Path of the file once it is finished. */
  get finished(): FinishedFile | undefined {
    return this.#finished
  }

  /** Chunks that an earlier run is said to have left and that are not verified yet. */
  get unverified(): Bitfield {
    const { count } = this.secrets.cipher.geometry
    if (this.#finished) return new Bitfield(count)
    const listed = this.#journal.mustVerify
      ? Bitfield.full(count)
      : Bitfield.fromBytes(count, this.#journal.have)
    return listed.without(this.have)
  }

  onHave(listener: (index: number) => void): Unsubscribe {
    return this.#events.on('have', listener)
  }

  readPlain(index: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#chunks.readPlain(index, signal)
  }

  readSealed(index: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#chunks.readSealed(index, signal)
  }

  /**
   * Verifies the chunks that the journal lists by encrypting them again: those that match are here, the others are missing.
   * @throws the signal's reason; PeerError DISK_FULL, FOLDER_UNWRITABLE
   */
  async recheck(signal: AbortSignal): Promise<void> {
    const listed = this.unverified
    for (const index of listed) {
      signal.throwIfAborted()
      if (await this.#isIntact(index)) this.#gain(index)
    }
    const lost = listed.without(this.have).size
    if (lost > 0) this.#init.log.info(`${lost} chunks of an earlier run are damaged and fetched again`)
    if (lost > 0 || this.#journal.mustVerify) await this.#journal.reset(this.have.toBytes())
  }

  accept(index: number, sealed: Uint8Array): Promise<Uint8Array | undefined> {
    return openVerified(this.secrets, index, sealed)
  }

  follow(): void {
    // Nothing that is here is ever given up.
  }

  /**
   * Keeps one verified chunk.
   * @throws PeerError DISK_FULL, FOLDER_UNWRITABLE
   */
  async keep(index: number, plaintext: Uint8Array): Promise<void> {
    await this.#requirePart().write(index, plaintext)
    this.#journal.record(index)
    this.#gain(index)
  }

  /**
   * Makes the whole file durable, gives it its final name and forgets the journal.
   * @throws PeerError DISK_FULL, FOLDER_UNWRITABLE, FILE_EXISTS
   */
  async finish(): Promise<FinishedFile> {
    if (this.#finished) return this.#finished
    const path = await this.#requirePart().finish(this.#init.target.overwrite)
    const file = { path, identity: await identifyFile(path) }
    await this.#becomeFinished(file)
    await this.#part?.close()
    return file
  }

  /** Makes the journal durable, as far as it can be: what is lost is verified or fetched again. */
  async flush(): Promise<void> {
    if (this.#finished) return
    try {
      await this.#journal.flush()
    } catch (error) {
      this.#init.log.warn('The journal could not be written', error)
    }
  }

  /** Lets go of the files; they stay for the next run. */
  async close(): Promise<void> {
    if (this.#finished) return
    this.#chunks = this.#nothing()
    await this.#part?.close()
    await this.#journal.close().catch(error => this.#init.log.warn('The journal could not be written', error))
  }

  /** Deletes what has arrived. A finished file stays. */
  async discard(): Promise<void> {
    if (this.#finished) return
    this.#chunks = this.#nothing()
    await this.#part?.discard()
    await this.#journal.delete()
  }

  async #isIntact(index: number): Promise<boolean> {
    return await isSharedPlaintext(this.secrets, index, await this.#requirePart().read(index))
  }

  #gain(index: number): void {
    if (this.have.add(index)) this.#events.emit('have', index)
  }

  async #becomeFinished(file: FinishedFile): Promise<void> {
    const { digest, secrets, cache, log, onStale } = this.#init
    // Until this is kept, the unfinished file and its journal are what the next start finds, and what `close` lets go of.
    await this.#init.keepFinished(file)
    this.#finished = file
    this.#chunks = new FileChunkStore({
      digest,
      path: file.path,
      identity: file.identity,
      secrets,
      cache,
      have: this.have,
      onStale
    })
    await this.#journal.delete().catch(error => log.warn('The journal could not be deleted', error))
  }

  #partChunks(part: PartFile): PartChunkStore {
    const { digest, secrets, cache, onLost } = this.#init
    return new PartChunkStore({ digest, part, have: this.have, secrets, cache, onDamaged: onLost })
  }

  #nothing(): Pick<ChunkStore, 'readPlain' | 'readSealed'> {
    const refuse = (): Promise<never> =>
      Promise.reject(new PeerError('VIDEO_UNKNOWN', 'This download was closed. Open it again.'))
    return { readPlain: refuse, readSealed: refuse }
  }

  #requirePart(): PartFile {
    if (this.#part) return this.#part
    throw new PeerError('INTERNAL', 'The file is finished already.')
  }
}

async function openPart(init: UnfinishedVideoInit, journal: ResumeJournal): Promise<PartFile> {
  const { target, fileName, partPath, secrets, fs, log, keepPartPath } = init
  const { geometry } = secrets.cipher
  const part = partPath === undefined ? undefined : await PartFile.reopen(partPath, geometry, fs)
  if (part) return part
  if (partPath !== undefined) log.warn('The unfinished file is gone: the download begins again')
  const fresh = await PartFile.create(target, target.fileName ?? fileName, geometry, fs)
  try {
    await keepPartPath(fresh.path)
    // What was recorded was in the file that is gone.
    await journal.reset(new Bitfield(geometry.count).toBytes())
    return fresh
  } catch (error) {
    await fresh.discard()
    throw error
  }
}

/** A crash between the renaming and the note of it leaves the finished file and a full journal. */
async function findFinished(
  init: UnfinishedVideoInit,
  journal: ResumeJournal
): Promise<FinishedFile | undefined> {
  const { partPath, secrets, fs } = init
  const { count } = secrets.cipher.geometry
  const isFull = !journal.mustVerify && Bitfield.fromBytes(count, journal.have).isFull
  if (partPath === undefined || !isFull || (await isThere(partPath, fs))) return undefined
  const path = partPath.slice(0, -PART_SUFFIX.length)
  if (!(await isThere(path, fs))) return undefined
  const identity = await identifyFile(path)
  const { matches } = await verifyFile({ path, secrets })
  return matches ? { path, identity } : undefined
}

async function isThere(path: string, fs: FileSystem): Promise<boolean> {
  return await fs.stat(path).then(
    stats => stats.isFile(),
    () => false
  )
}
