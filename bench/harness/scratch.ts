import { createHash, randomFillSync } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, open, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

export const MIB = 1024 * 1024

/** What is handed from one process to another. */
export interface SampleFile {
  path: string
  name: string
  folder: string
  bytes: number
  /** Hex. */
  sha256: string
}

/** A folder that goes when the benchmarks have ended. */
export class Scratch {
  readonly #folder: string
  readonly #samples = new Map<string, Promise<SampleFile>>()
  #count = 0

  private constructor(folder: string) {
    this.#folder = folder
    // A signal ends the program without `close`.
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  }

  /** Its path is short, because control sockets lie beneath it. */
  static async create(): Promise<Scratch> {
    return new Scratch(await realpath(await mkdtemp(join(tmpdir(), 'ccb-'))))
  }

  /** A new empty folder. */
  async newFolder(): Promise<string> {
    const folder = join(this.#folder, String(++this.#count))
    await mkdir(folder)
    return folder
  }

  /** A file of random bytes, made once for each size. */
  sample(mebibytes: number): Promise<SampleFile> {
    return this.#once(`random-${mebibytes}`, path => writeRandom(path, mebibytes * MIB))
  }

  /** Deletes a folder of an earlier `newFolder`. */
  async remove(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }

  /** Frees the disk of the sample of this size. */
  async removeSample(mebibytes: number): Promise<void> {
    const key = `random-${mebibytes}`
    const sample = await this.#samples.get(key)
    this.#samples.delete(key)
    if (sample) await this.remove(sample.folder)
  }

  async close(): Promise<void> {
    await this.remove(this.#folder)
  }

  #once(key: string, write: (path: string) => Promise<Pick<SampleFile, 'bytes' | 'sha256'>>) {
    const known = this.#samples.get(key)
    if (known) return known
    const made = this.#make(`${key}.bin`, write)
    this.#samples.set(key, made)
    return made
  }

  async #make(name: string, write: (path: string) => Promise<Pick<SampleFile, 'bytes' | 'sha256'>>) {
    const path = join(await this.newFolder(), name)
    return { path, name: basename(path), folder: dirname(path), ...(await write(path)) }
  }
}

async function writeRandom(path: string, bytes: number): Promise<Pick<SampleFile, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256')
  const block = Buffer.alloc(MIB)
  const file = await open(path, 'w')
  try {
    for (let written = 0; written < bytes; written += MIB) {
      randomFillSync(block)
      hash.update(block)
      await file.write(block)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { bytes, sha256: hash.digest('hex') }
}
