import type { Random } from '../random.ts'

/** Peers told of in one message, and told of a newcomer, at most: a download connects to few more. */
export const MAX_INTRODUCED = 16

/** A peer that fetches the same video, and where it says it can be dialled. Not verified. */
export interface IntroducedPeer {
  readonly peerId: string
  readonly addresses: readonly string[]
}

/** One peer that fetches here and wants to meet the others. */
interface Guest extends IntroducedPeer {
  introduce(peers: readonly IntroducedPeer[]): void
}

/** Tells the peers that fetch one video from here of each other, as soon as they come: they have what the others lack. */
export class Introductions {
  readonly #random: Random
  /** How many others each guest was brought together with. */
  readonly #guests = new Map<Guest, number>()

  constructor(random: Random) {
    this.#random = random
  }

  /** Takes a guest in; call the result when it goes. */
  enter(guest: Guest): () => void {
    const others = this.#someOthers(guest.peerId)
    this.#guests.set(guest, others.length)
    if (guest.addresses.length > 0) for (const other of others) other.introduce([plain(guest)])
    const dialable = others.filter(other => other.addresses.length > 0)
    if (dialable.length > 0) guest.introduce(dialable.map(plain))
    return () => this.#guests.delete(guest)
  }

  /** Those who met fewest so far, at random among equals: the first to come would be called upon by all others. */
  #someOthers(peerId: string): Guest[] {
    const others = [...this.#guests].filter(([guest]) => guest.peerId !== peerId)
    const order = others.map(([guest, met]) => ({ guest, met, rank: met + this.#random.float() }))
    const chosen = order.sort((a, b) => a.rank - b.rank).slice(0, MAX_INTRODUCED)
    for (const { guest, met } of chosen) this.#guests.set(guest, met + 1)
    return chosen.map(({ guest }) => guest)
  }
}

function plain({ peerId, addresses }: IntroducedPeer): IntroducedPeer {
  return { peerId, addresses }
}
