import type { Clock } from '../clock.ts'
import type { Bitfield } from '../content/bitfield.ts'
import type { Random } from '../random.ts'
import type { Switch } from '../strategy.ts'
import { FirstCopies } from './first-copies.ts'
import { Introductions } from './introductions.ts'
import type { ServedStream } from './served-stream.ts'

export interface ServedSwarmInit {
  clock: Clock
  random: Random
  firstCopy: Switch
}

/** The peers that fetch one video from here: they are told of each other, and offered different chunks first. */
export class ServedSwarm {
  readonly #init: ServedSwarmInit
  readonly #streams = new Map<ServedStream, (() => void) | undefined>()
  readonly #introductions: Introductions
  #firstCopies: FirstCopies | undefined
  #sent = 0
  /** Streams that were served. */
  met = 0

  constructor(init: ServedSwarmInit) {
    this.#init = init
    this.#introductions = new Introductions(init.random)
  }

  get isEmpty(): boolean {
    return this.#streams.size === 0
  }

  /** A peer that knows the ID opened a stream, and was told what is here. */
  enter(stream: ServedStream, own: Bitfield): void {
    this.#streams.set(stream, undefined)
    this.met++
    // Whoever holds a part only has nothing to share out: it is itself offered what it has.
    if (this.#init.firstCopy === 'off' || !own.isFull) return
    this.#firstCopies ??= new FirstCopies({ ...this.#init, count: own.length })
    this.#firstCopies.enter(stream)
  }

  leave(stream: ServedStream): void {
    this.#streams.get(stream)?.()
    this.#streams.delete(stream)
    this.#firstCopies?.leave(stream)
  }

  /** Breaks all streams off. */
  stop(reason: unknown): void {
    for (const stream of [...this.#streams.keys()]) stream.stop(reason)
  }

  /** Bytes of chunks that went out. */
  get sent(): number {
    return this.#sent
  }

  onSent(bytes: number): void {
    this.#sent += bytes
    this.#firstCopies?.sent()
  }

  /** A peer says where it can be dialled; once. */
  onReachable(stream: ServedStream, addresses: readonly string[]): void {
    if (!this.#streams.has(stream) || this.#streams.get(stream)) return
    const introduce: ServedStream['introduce'] = peers => stream.introduce(peers)
    this.#streams.set(stream, this.#introductions.enter({ peerId: stream.peerId, addresses, introduce }))
  }

  /** A peer told what it holds: the first time, or what it has gained. */
  onGained(stream: ServedStream, gained: readonly number[]): void {
    this.#firstCopies?.gained(stream, gained)
  }

  /** A peer's request for a chunk was accepted. */
  onWanted(stream: ServedStream, index: number): void {
    this.#firstCopies?.wanted(stream, index)
  }
}
