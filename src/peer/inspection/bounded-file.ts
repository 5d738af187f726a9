import { type FileHandle, open } from 'node:fs/promises'

/** A file opened for reading that gives up once more was read of it than an inspection needs. */
export class BoundedFile {
  readonly size: number
  readonly #handle: FileHandle
  #left: number

  private constructor(handle: FileHandle, size: number, maxBytes: number) {
    this.#handle = handle
    this.size = size
    this.#left = maxBytes
  }

  /** @param maxBytes bytes that may be read in all */
  static async open(path: string, maxBytes: number): Promise<BoundedFile> {
    const handle = await open(path, 'r')
    try {
      return new BoundedFile(handle, (await handle.stat()).size, maxBytes)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /**
   * The bytes from `start` to `end`, or to where the file ends.
   * @throws RangeError when the bound is reached
   */
  async read(start: number, end: number): Promise<Uint8Array> {
    const length = Math.max(0, Math.min(end, this.size) - start)
    this.#left -= length
    if (this.#left < 0) throw new RangeError('more would have to be read than an inspection may')
    const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(length), 0, length, start)
    return buffer.subarray(0, bytesRead)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
