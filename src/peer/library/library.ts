import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import type { Digest, SharePolicy } from '../api.ts'
import { type FileIdentity, isSameFile } from '../content/source-file.ts'
import { PeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { readFileIfPresent, storageError, writeFileAtomically } from './atomic-file.ts'
import type { DataFolder } from './data-folder.ts'
import { type LibraryEntry, libraryEntrySchema } from './library-entry.ts'

const ENTRY_NAME = /^([0-9a-f]{64})\.json$/

/**
 * The videos that this peer shares or has fetched: in memory, and one file each in `library/`. Entries are values: `put` takes
 * a copy, `get` and `list` give copies.
 */
export class Library {
  readonly #folder: string
  readonly #log: Logger
  readonly #entries = new Map<Digest, LibraryEntry>()
  readonly #writes = new Map<Digest, Promise<void>>()

  private constructor(folder: string, log: Logger) {
    this.#folder = folder
    this.#log = log
  }

  /**
   * Reads every entry. A damaged one is set aside as `<name>.damaged-<time>` with a warning: the others stay usable.
   * @throws PeerError FOLDER_UNWRITABLE
   */
  static async load(folder: DataFolder, log: Logger): Promise<Library> {
    const library = new Library(folder.library, log)
    for (const name of await readdir(folder.library)) {
      const digest = ENTRY_NAME.exec(name)?.[1]
      if (digest) await library.#read(digest)
    }
    return library
  }

  /** All entries, oldest first. */
  list(): LibraryEntry[] {
    return [...this.#entries.values()]
      .sort((a, b) => a.addedAt - b.addedAt)
      .map(entry => structuredClone(entry))
  }

  get(digest: Digest): LibraryEntry | undefined {
    const entry = this.#entries.get(digest)
    return entry && structuredClone(entry)
  }

  /**
   * Adds or replaces an entry; visible at once, resolves when durable. Writes of one entry keep their order.
   * @throws PeerError DISK_FULL, FOLDER_UNWRITABLE
   */
  async put(entry: LibraryEntry): Promise<void> {
    const copy = v.parse(libraryEntrySchema, structuredClone(entry))
    this.#entries.set(copy.digest, copy)
    const bytes = Buffer.from(`${JSON.stringify(copy, undefined, 2)}\n`)
    await this.#inOrder(copy.digest, () => writeFileAtomically(this.#path(copy.digest, 'json'), bytes))
  }

  /** Forgets an entry with its manifest and leaves. Forgetting an unknown one is harmless. */
  async delete(digest: Digest): Promise<void> {
    this.#entries.delete(digest)
    await this.#inOrder(digest, async () => {
      for (const part of ['json', 'manifest', 'leaves'] as const) {
        await rm(this.#path(digest, part), { force: true })
      }
    })
  }

  /** The share of this very file, unchanged since it was hashed, under this policy: to resume the same ID. */
  findBySource(path: string, identity: FileIdentity, policy: SharePolicy): LibraryEntry | undefined {
    const found = [...this.#entries.values()].find(
      entry =>
        entry.origin === 'shared' &&
        entry.state === 'sharing' &&
        entry.path === path &&
        entry.policy === policy &&
        entry.fileIdentity !== undefined &&
        isSameFile(entry.fileIdentity, identity)
    )
    return found && structuredClone(found)
  }

  /** The signed manifest's bytes as a holder serves them, unverified; undefined until written. */
  readManifest(digest: Digest): Promise<Uint8Array | undefined> {
    return readFileIfPresent(this.#path(digest, 'manifest'))
  }

  writeManifest(digest: Digest, bytes: Uint8Array): Promise<void> {
    return this.#inOrder(digest, () => writeFileAtomically(this.#path(digest, 'manifest'), bytes))
  }

  /** The concatenated 32-byte leaves of the Merkle tree, unverified; undefined until written. */
  readLeaves(digest: Digest): Promise<Uint8Array | undefined> {
    return readFileIfPresent(this.#path(digest, 'leaves'))
  }

  writeLeaves(digest: Digest, leaves: Uint8Array): Promise<void> {
    return this.#inOrder(digest, () => writeFileAtomically(this.#path(digest, 'leaves'), leaves))
  }

  async #read(digest: Digest): Promise<void> {
    const path = this.#path(digest, 'json')
    const entry = parseEntry(await readFileIfPresent(path))
    if (entry?.digest === digest) {
      this.#entries.set(digest, entry)
      return
    }
    await rename(path, `${path}.damaged-${Date.now()}`)
    this.#log.warn(
      `The library entry ${digest.slice(0, 8)} was damaged and is set aside. Fetch the video again.`
    )
  }

  async #inOrder(digest: Digest, write: () => Promise<void>): Promise<void> {
    const previous = this.#writes.get(digest)
    const run = Promise.allSettled([previous]).then(write)
    this.#writes.set(digest, run)
    try {
      await run
    } catch (error) {
      throw storageError(error, this.#folder)
    } finally {
      if (this.#writes.get(digest) === run) this.#writes.delete(digest)
    }
  }

  #path(digest: Digest, part: 'json' | 'manifest' | 'leaves'): string {
    if (!/^[0-9a-f]{64}$/.test(digest)) {
      throw new PeerError('VIDEO_UNKNOWN', 'No such video is in the library. Refresh the list and try again.')
    }
    return join(this.#folder, `${digest}.${part}`)
  }
}

function parseEntry(bytes: Uint8Array | undefined): LibraryEntry | undefined {
  try {
    return v.parse(libraryEntrySchema, JSON.parse(Buffer.from(bytes ?? []).toString('utf8')))
  } catch {
    // Both broken JSON and a wrong shape mean the same to the caller, which reports it.
    return undefined
  }
}
