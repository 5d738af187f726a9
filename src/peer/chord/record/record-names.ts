import { pickRandom, type Random } from '../../random.ts'
import { positionToHex, type RingPosition } from '../ring-position.ts'
import type { Arc } from '../rpc/protocol.ts'

/**
 * Names of records in order, each beginning with the hex digits of its key and a slash: those of a key or of an arc are found
 * by halving, however many others there are.
 */
export class RecordNames {
  readonly #names: string[] = []

  add(name: string): void {
    this.#names.splice(this.#firstFrom(name), 0, name)
  }

  delete(name: string): void {
    const index = this.#firstFrom(name)
    if (this.#names[index] === name) this.#names.splice(index, 1)
  }

  clear(): void {
    this.#names.length = 0
  }

  /** One of them at random. */
  pick(random: Random): string | undefined {
    return pickRandom(this.#names, random)
  }

  /** Names under a key. */
  under(key: RingPosition): string[] {
    return this.#names.slice(this.#firstFrom(positionToHex(key)), this.#firstBehind(key))
  }

  /**
   * Names of an arc, in their order, which for an arc over 0 begins with its end. To be used up before names change.
   * @param after begins behind this name
   */
  *within(arc: Arc, after = ''): Generator<string> {
    const start = this.#firstFrom(after)
    for (const [from, to] of this.#stretchesOf(arc)) {
      for (let index = Math.max(from, start); index < to; index++) {
        const name = this.#names[index]
        if (name !== undefined && name !== after) yield name
      }
    }
  }

  #stretchesOf({ from, to }: Arc): [from: number, to: number][] {
    const end = this.#names.length
    if (from === to) return [[0, end]]
    if (from < to) return [[this.#firstBehind(from), this.#firstBehind(to)]]
    return [
      [0, this.#firstBehind(to)],
      [this.#firstBehind(from), end]
    ]
  }

  // A slash sorts before every digit, so this is behind all names of the key and before those of the next.
  #firstBehind(key: RingPosition): number {
    return this.#firstFrom(`${positionToHex(key)}0`)
  }

  #firstFrom(name: string): number {
    let low = 0
    let high = this.#names.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#names[middle] ?? '') < name) low = middle + 1
      else high = middle
    }
    return low
  }
}
