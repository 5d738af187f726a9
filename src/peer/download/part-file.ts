import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import PQueue from 'p-queue'
import { chunkLength, chunkOffset, type Geometry } from '../content/geometry.ts'
import { readFully, writeFully } from '../content/source-file.ts'
import { systemErrorCode } from '../errors.ts'
import { fileError } from './file-error.ts'
import type { FileSystem } from './file-system.ts'
import {
  type DownloadTarget,
  exists,
  numberedNames,
  PART_SUFFIX,
  pathInside,
  tooManyFiles
} from './target.ts'

/** Links are not followed: what lies under the name must be the file that we made. Absent on Windows. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0

/**
 * A file that is still arriving, beside its final path. It has its final length from the start, sparse where the file system can.
 * Nothing ever appears under the final name but the whole, durable file.
 */
export class PartFile {
  readonly path: string
  readonly #geometry: Geometry
  readonly #handle: FileHandle
  readonly #fs: FileSystem
  /** The kernel lets one writer at a file at a time: more would hold threads of the pool, and spin. */
  readonly #writes = new PQueue({ concurrency: 1 })
  #isClosed = false

  private constructor(path: string, handle: FileHandle, geometry: Geometry, fs: FileSystem) {
    this.path = path
    this.#handle = handle
    this.#geometry = geometry
    this.#fs = fs
  }

  /**
   * Makes a new unfinished file for `name` in the target's folder, under the first number for which neither the file nor an
   * unfinished one is there.
   * @throws PeerError FOLDER_UNWRITABLE, DISK_FULL, FILE_EXISTS
   */
  static async create(
    target: DownloadTarget,
    name: string,
    geometry: Geometry,
    fs: FileSystem
  ): Promise<PartFile> {
    for (const candidate of numberedNames(name)) {
      const finalPath = pathInside(target.folder, candidate)
      if (!target.overwrite && (await exists(finalPath, fs))) continue
      const handle = await openExclusively(finalPath + PART_SUFFIX, fs)
      if (handle) return await PartFile.#sized(finalPath + PART_SUFFIX, handle, geometry, fs)
    }
    throw tooManyFiles(name)
  }

  /**
   * Opens the unfinished file of an earlier run; undefined if it is gone. A wrong length is put right: what the chunks hold
   * is to be verified in any case.
   * @throws PeerError FOLDER_UNWRITABLE, DISK_FULL
   */
  static async reopen(path: string, geometry: Geometry, fs: FileSystem): Promise<PartFile | undefined> {
    try {
      const handle = await fs.open(path, constants.O_RDWR | NO_FOLLOW)
      return await PartFile.#sized(path, handle, geometry, fs)
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw fileError(error, path)
    }
  }

  static async #sized(
    path: string,
    handle: FileHandle,
    geometry: Geometry,
    fs: FileSystem
  ): Promise<PartFile> {
    try {
      const { size } = await handle.stat()
      if (size !== geometry.byteLength) await handle.truncate(geometry.byteLength)
      return new PartFile(path, handle, geometry, fs)
    } catch (error) {
      await handle.close()
      throw fileError(error, path)
    }
  }

  /**
   * Writes the plaintext of one chunk; when this resolves the operating system has it.
   * @throws PeerError DISK_FULL, FOLDER_UNWRITABLE
   */
  async write(index: number, plaintext: Uint8Array): Promise<void> {
    try {
      const offset = chunkOffset(this.#geometry, index)
      await this.#writes.add(() => writeFully(this.#handle, plaintext, offset))
    } catch (error) {
      throw fileError(error, this.path)
    }
  }

  /**
   * The bytes at the place of one chunk, whatever they are.
   * @throws PeerError FILE_CHANGED when the file was cut
   */
  async read(index: number): Promise<Uint8Array> {
    const plaintext = Buffer.allocUnsafeSlow(chunkLength(this.#geometry, index))
    await readFully(this.#handle, plaintext, chunkOffset(this.#geometry, index))
    return plaintext
  }

  /**
   * Makes the whole file durable and gives it its final name: the one it was begun for, or the next free number.
   * @returns the final path
   * @throws PeerError DISK_FULL, FOLDER_UNWRITABLE, FILE_EXISTS
   */
  async finish(overwrite = false): Promise<string> {
    try {
      await this.#handle.datasync()
      const path = await this.#rename(overwrite)
      await syncFolder(dirname(path), this.#fs)
      return path
    } catch (error) {
      throw fileError(error, this.path)
    }
  }

  /** Deletes the unfinished file. */
  async discard(): Promise<void> {
    await this.close()
    await this.#fs.rm(this.path, { force: true })
  }

  /** Waits for what is being read or written, then lets go of the file. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#writes.onIdle()
    await this.#handle.close()
  }

  async #rename(overwrite: boolean): Promise<string> {
    const name = basename(this.path).slice(0, -PART_SUFFIX.length)
    for (const candidate of numberedNames(name)) {
      const path = pathInside(dirname(this.path), candidate)
      if (overwrite) {
        await this.#fs.rename(this.path, path)
        return path
      }
      if (await this.#moveIfFree(path)) return path
    }
    throw tooManyFiles(name)
  }

  /** A hard link, then removing the old name: unlike a rename, it never replaces a file that came in between. */
  async #moveIfFree(path: string): Promise<boolean> {
    try {
      await this.#fs.link(this.path, path)
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') return await this.#renameIfFree(path, error)
      // A crash after the link and before the removal leaves both names of one file.
      if (!(await this.#isThisFile(path))) return false
    }
    await this.#fs.unlink(this.path)
    return true
  }

  /** File systems without hard links (FAT, some network drives): the best they offer. */
  async #renameIfFree(path: string, cause: unknown): Promise<boolean> {
    const code = systemErrorCode(cause)
    if (
      code === undefined ||
      !['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EINVAL'].includes(code)
    ) {
      throw cause
    }
    if (await exists(path, this.#fs)) return false
    await this.#fs.rename(this.path, path)
    return true
  }

  async #isThisFile(path: string): Promise<boolean> {
    const [own, other] = await Promise.all([this.#handle.stat(), this.#fs.lstat(path)])
    return own.ino === other.ino && own.dev === other.dev
  }
}

async function openExclusively(path: string, fs: FileSystem): Promise<FileHandle | undefined> {
  try {
    return await fs.open(path, 'wx+')
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return undefined
    throw fileError(error, path)
  }
}

async function syncFolder(path: string, fs: FileSystem): Promise<void> {
  // Windows cannot open a folder for syncing; NTFS journals the rename itself.
  if (process.platform === 'win32') return
  const handle = await fs.open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
