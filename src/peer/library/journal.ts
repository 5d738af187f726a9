import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../api.ts'
import { type CancelTimer, type Clock, systemClock } from '../clock.ts'
import { Bitfield } from '../content/bitfield.ts'
import { writeFully } from '../content/source-file.ts'
import type { Logger } from '../log.ts'
import { readFileIfPresent, storageError, writeFileAtomically } from './atomic-file.ts'
import { CoalescedWrite } from './coalesced-write.ts'
import type { DataFolder } from './data-folder.ts'
import { decodeJournal, encodeJournal, encodeRecords } from './journal-format.ts'

/** Records of so many milliseconds are appended together: at full speed a write for each would cost more than its chunk's. */
const APPEND_INTERVAL = 25

/**
 * The resume journal of one download: which chunks are verified and written. Records are appended as they come, those of an
 * instant together, so that a killed process loses only chunks of the last one.
 */
export class Journal {
  /** The file was there but cannot be trusted: verify every chunk of the unfinished file, then call `reset`. */
  readonly mustVerify: boolean
  readonly #digest: Digest
  readonly #path: string
  readonly #log: Logger
  readonly #clock: Clock
  readonly #appends = new CoalescedWrite(() => this.#append())
  readonly #file: FileHandle
  #have: Bitfield
  #pending: number[] = []
  #cancelTimer: CancelTimer | undefined

  private constructor(init: {
    digest: Digest
    path: string
    log: Logger
    clock: Clock
    file: FileHandle
    have: Bitfield
    mustVerify: boolean
  }) {
    this.#digest = init.digest
    this.#path = init.path
    this.#log = init.log
    this.#clock = init.clock
    this.#file = init.file
    this.#have = init.have
    this.mustVerify = init.mustVerify
  }

  /**
   * Opens or begins the journal of a download of `count` chunks.
   * @throws PeerError FOLDER_UNWRITABLE, DISK_FULL
   */
  static async open(
    folder: DataFolder,
    digest: Digest,
    count: number,
    log: Logger,
    clock: Clock = systemClock
  ): Promise<Journal> {
    const path = join(folder.journal, digest)
    const found = await readFileIfPresent(path)
    const { have, damaged, untidy } = found
      ? decodeJournal(found, digest, count)
      : { have: new Bitfield(count), damaged: false, untidy: true }
    if (untidy) await writeFileAtomically(path, encodeJournal(digest, have))
    if (damaged) log.warn(`The journal of ${digest.slice(0, 8)} was damaged: its chunks are verified again.`)
    const file = await open(path, 'a', 0o600)
    return new Journal({ digest, path, log, clock, file, have, mustVerify: damaged })
  }

  /** A copy, as `Bitfield.toBytes` gives it. */
  get have(): Uint8Array {
    return this.#have.toBytes()
  }

  /** Whether chunk `index` is recorded. */
  has(index: number): boolean {
    return this.#have.has(index)
  }

  /** Notes a chunk whose bytes the operating system already has. A failed write is logged, tried again, and told by `flush`. */
  record(index: number): void {
    if (!this.#have.add(index)) return
    this.#pending.push(index)
    this.#cancelTimer ??= this.#clock.after(APPEND_INTERVAL, () => {
      this.#cancelTimer = undefined
      this.#appends.request().catch((error: unknown) => {
        this.#log.warn(`The journal of ${this.#digest.slice(0, 8)} could not be written`, error)
      })
    })
  }

  /**
   * Resolves once everything recorded so far would survive a power cut.
   * @throws PeerError DISK_FULL, FOLDER_UNWRITABLE
   */
  async flush(): Promise<void> {
    this.#forgetTimer()
    await this.#appends.request()
    await this.#file.datasync()
  }

  /** Replaces what is recorded, after every chunk was verified again. `have` is as `Bitfield.toBytes` gives it. */
  async reset(have: Uint8Array): Promise<void> {
    this.#forgetTimer()
    await this.#appends.settled()
    this.#have = Bitfield.fromBytes(this.#have.length, have)
    this.#pending = []
    await this.#file.truncate(0)
    await this.#write(encodeJournal(this.#digest, this.#have))
    await this.#file.datasync()
  }

  /** Writes what is pending and lets go of the file, which stays for the next start. */
  async close(): Promise<void> {
    try {
      await this.flush()
    } finally {
      await this.#file.close()
    }
  }

  /** Lets go of the file and removes it: only once the finished data is durable, or the video is forgotten. */
  async delete(): Promise<void> {
    this.#forgetTimer()
    await this.#appends.settled()
    await this.#file.close()
    await rm(this.#path, { force: true })
  }

  #forgetTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  async #append(): Promise<void> {
    const batch = this.#pending
    if (batch.length === 0) return
    this.#pending = []
    try {
      await this.#write(encodeRecords(this.#digest, batch))
    } catch (error) {
      this.#pending = [...batch, ...this.#pending]
      throw error
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await writeFully(this.#file, bytes)
    } catch (error) {
      throw storageError(error, this.#path)
    }
  }
}
