import type { FileHandle } from 'node:fs/promises'
import { type FileSystem, systemFiles } from '../../../src/peer/download/file-system.ts'

/** A file system on which only so many writes fit. */
export class SmallDisk implements FileSystem {
  readonly link = systemFiles.link
  readonly lstat = systemFiles.lstat
  readonly mkdir = systemFiles.mkdir
  readonly rename = systemFiles.rename
  readonly rm = systemFiles.rm
  readonly stat = systemFiles.stat
  readonly unlink = systemFiles.unlink
  #writesLeft: number

  constructor(writes: number) {
    this.#writesLeft = writes
  }

  free(): void {
    this.#writesLeft = Number.POSITIVE_INFINITY
  }

  readonly open: FileSystem['open'] = async (path, flags, mode) => {
    const handle = await systemFiles.open(path, flags, mode)
    const write = handle.write.bind(handle) as (...values: unknown[]) => Promise<unknown>
    const limited = async (...values: unknown[]): Promise<unknown> => {
      if (this.#writesLeft-- <= 0)
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      return await write(...values)
    }
    handle.write = limited as FileHandle['write']
    return handle
  }
}
