import { createHash } from 'node:crypto'
import type { Contact } from '../../../src/peer/chord/contact.ts'
import { distance, type RingPosition } from '../../../src/peer/chord/ring-position.ts'
import type { Handlers, Neighbourhood } from '../../../src/peer/chord/rpc/protocol.ts'
import type { SimulatedPeer, Simulation } from './simulation.ts'

/** Members that a list of accomplices names: as many as an honest one. */
const LISTED = 8
const CLOSER = 4

/**
 * Members that work together to hide everybody else: each names only accomplices, as owners, as next hops and as its
 * neighbours, says that it stores what it drops, and knows no record. Their positions are as random as everybody's.
 */
export class Conspiracy {
  readonly #simulation: Simulation
  readonly #accomplices: Contact[]

  constructor(simulation: Simulation, accomplices: readonly SimulatedPeer[]) {
    this.#simulation = simulation
    this.#accomplices = accomplices.map(peer => simulation.contact(peer))
    for (const peer of accomplices) Object.assign(peer.node.handlers, this.#handlersOf(peer))
  }

  includes(peer: SimulatedPeer): boolean {
    return this.#accomplices.some(accomplice => accomplice.peerId === peer.peerId)
  }

  #handlersOf(peer: SimulatedPeer): Handlers {
    const neighbours = (): Neighbourhood => ({
      member: true,
      predecessor: this.#before(peer.position, 1)[0] ?? this.#simulation.contact(peer),
      successors: this.#behind(peer.position + 1n, LISTED),
      whole: false
    })
    return {
      ping: () => ({ member: true }),
      neighbours,
      notify: neighbours,
      nudge: () => ({}),
      next: (_caller, { key }) => ({
        member: true,
        owners: this.#behind(key, LISTED),
        closer: this.#before(key, CLOSER)
      }),
      dialBack: () => ({ reached: true, reason: '' }),
      leave: () => ({}),
      store: (_caller, { records }) => ({ outcomes: records.map(() => ({ status: 'stored' })) }),
      get: () => ({ records: [] }),
      pull: () => ({ records: [] }),
      digest: () => ({ count: 0, digest: new Uint8Array(createHash('sha256').digest()) })
    }
  }

  #behind(key: RingPosition, count: number): Contact[] {
    const reach = ({ position }: Contact): bigint => distance(key, position)
    return this.#accomplices.toSorted((a, b) => (reach(a) < reach(b) ? -1 : 1)).slice(0, count)
  }

  #before(key: RingPosition, count: number): Contact[] {
    const reach = ({ position }: Contact): bigint => distance(position, key - 1n)
    return this.#accomplices.toSorted((a, b) => (reach(a) < reach(b) ? -1 : 1)).slice(0, count)
  }
}
