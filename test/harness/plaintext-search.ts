import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A window is looked for by this many of its bytes, at every place of a file. */
const KEY = 8
const WINDOW = 64
/** Fewer different bytes may stand in other files by chance. */
const LEAST_DISTINCT = 40

/** Looks for windows of 64 bytes of a plaintext, wherever they may stand in other bytes. */
export class PlaintextSearch {
  readonly #plaintext: Buffer
  readonly #places = new Map<bigint, number>()

  constructor(plaintext: Buffer) {
    this.#plaintext = plaintext
    // So close together that each window holds a whole key.
    for (let at = 0; at + KEY <= plaintext.length; at += WINDOW - KEY + 1) {
      const key = plaintext.readBigUInt64LE(at)
      if (this.#places.has(key)) this.#places.delete(key)
      else this.#places.set(key, at)
    }
  }

  /** Keys that stand in the plaintext once: what this search can find. */
  get keys(): number {
    return this.#places.size
  }

  /** Where in `bytes` a window of the plaintext stands; undefined if none does. */
  find(bytes: Buffer): number | undefined {
    for (let at = 0; at + KEY <= bytes.length; at++) {
      const place = this.#places.get(bytes.readBigUInt64LE(at))
      if (place !== undefined && this.#isWindow(bytes, at, place)) return at
    }
    return undefined
  }

  /** Paths of the files below these folders that hold a window of the plaintext. */
  async filesHolding(folders: readonly string[]): Promise<string[]> {
    const holding: string[] = []
    for (const path of await filesBelow(folders)) {
      if (this.find(await readFile(path)) !== undefined) holding.push(path)
    }
    return holding
  }

  #isWindow(bytes: Buffer, at: number, place: number): boolean {
    let before = 0
    while (before < at && before < place && bytes[at - before - 1] === this.#plaintext[place - before - 1])
      before++
    let after = 0
    while (bytes[at + after] !== undefined && bytes[at + after] === this.#plaintext[place + after]) after++
    const same = bytes.subarray(at - before, at + after)
    return same.length >= WINDOW && new Set(same).size >= LEAST_DISTINCT
  }
}

/** Paths of all regular files below these folders. */
export async function filesBelow(folders: readonly string[]): Promise<string[]> {
  const paths: string[] = []
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    for (const entry of entries) if (entry.isFile()) paths.push(join(entry.parentPath, entry.name))
  }
  return paths
}
