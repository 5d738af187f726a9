import { MAX_RECORDS_PER_KEY, READ_COPIES, REPLICAS } from '../../../src/peer/chord/constants.ts'
import { type Clock, sleep } from '../../../src/peer/clock.ts'
import type { Holder } from '../../../src/peer/download/chunk-holder.ts'
import type { SeededRandom } from '../chord/seeded-random.ts'
import type { Host } from './simulated-network.ts'

/** Milliseconds of a look-up, and of storing a record, at least and at most. */
const LOOKUP_MILLISECONDS = [300, 1200] as const
/** Bytes of a record: two RSA-2048 keys, two signatures, addresses, ranges. */
const RECORD_BYTES = 1200
/** Bytes of another question or answer. */
const RPC_BYTES = 400
/** Hops of a look-up in a ring of a few hundred: see docs/chord.md. */
const HOPS = 4

/**
 * The ring as a download sees it: records of holders under one key, the newest first, at most 64. The ring itself has a simulator
 * of its own.
 */
export class Directory {
  readonly #clock: Clock
  readonly #random: SeededRandom
  /** Peer ids, the newest record last. */
  readonly #records = new Set<string>()

  constructor(clock: Clock, random: SeededRandom) {
    this.#clock = clock
    this.#random = random
  }

  /** Stores a new version of a holder's record. */
  publish(host: Host): void {
    host.count(HOPS + REPLICAS, (HOPS + REPLICAS) * RPC_BYTES + REPLICAS * RECORD_BYTES)
    this.#clock.after(this.#delay(), () => {
      if (host.state === 'up') this.#insert(host.peerId)
    })
  }

  withdraw(peerId: string): void {
    this.#records.delete(peerId)
  }

  /** One look-up; holders come all at once, when it is done. */
  async *search(host: Host, signal: AbortSignal): AsyncGenerator<Holder> {
    host.count(HOPS + READ_COPIES, (HOPS + READ_COPIES) * RPC_BYTES)
    await sleep(this.#clock, this.#delay(), signal)
    for (const peerId of [...this.#records].reverse()) {
      if (peerId !== host.peerId) yield { peerId, addresses: [] }
    }
  }

  #insert(peerId: string): void {
    if (!this.#records.delete(peerId) && this.#records.size >= MAX_RECORDS_PER_KEY) this.#evict()
    this.#records.add(peerId)
  }

  // As `RecordStore` does: one of the older half.
  #evict(): void {
    const older = [...this.#records].slice(0, Math.ceil(this.#records.size / 2))
    this.#records.delete(this.#random.pick(older))
  }

  #delay(): number {
    const [least, most] = LOOKUP_MILLISECONDS
    return least + this.#random.float() * (most - least)
  }
}
