import assert from 'node:assert/strict'
import { isBetween, positionOfPeer, type RingPosition } from '../../../src/peer/chord/ring-position.ts'
import type { NextHop } from '../../../src/peer/chord/rpc/protocol.ts'
import type { NetworkObserver, ObservedCall } from './simulated-network.ts'
import type { SimulatedPeer, Simulation } from './simulation.ts'

/** Look-ups of which no more than this many are remembered. */
const MAX_WATCHED = 512

interface WatchedLookup {
  /** Whom answers named, strictly nearer to the key than who named them. */
  named: Set<string>
  /** Whom answers named that are no nearer than who named them. */
  refused: Set<string>
}

/**
 * I8: each hop of each look-up strictly decreases the distance to its key. Reads the requests and replies themselves: who was named
 * by a member that is no farther from the key is never asked, unless somebody farther named it as well. The first hop is free:
 * a path that is to be apart from others may begin anywhere.
 */
export class LookupWatch implements NetworkObserver {
  readonly #simulation: Simulation
  /** By key, then by asker. */
  readonly #lookups = new Map<RingPosition, Map<string, WatchedLookup>>()
  #violation: string | undefined
  /** Hops that were checked. */
  hops = 0

  constructor(simulation: Simulation) {
    this.#simulation = simulation
    simulation.network.observe(this)
  }

  /** Throws what was seen since. Thrown at once, it would pass for a request that failed. */
  check(): void {
    assert.equal(this.#violation, undefined, this.#violation)
  }

  onRequest(call: ObservedCall): void {
    const key = keyOf(call)
    const asker = this.#simulation.find(call.from)
    // A client stands nowhere on the ring, and whom it asks first is no hop; the way in leads from the own place around the ring.
    if (key === undefined || !asker?.node.ring.isMember || key === asker.position) return
    this.hops++
    const lookup = this.#lookupOf(asker, key)
    if (lookup.named.has(call.to) || !lookup.refused.has(call.to)) return
    this.#violation ??= `I8: ${call.from} asks ${call.to}, which is no nearer to the key`
  }

  onReply(call: ObservedCall, reply: unknown): void {
    const key = keyOf(call)
    const lookup = key === undefined ? undefined : this.#lookups.get(key)?.get(call.from)
    if (key === undefined || !lookup) return
    if (reply === undefined) return
    const { member, closer } = reply as NextHop
    const from = positionOfPeer(call.to)
    for (const { peerId } of closer) {
      const isNearer = !member || isBetween(from, positionOfPeer(peerId), key)
      ;(isNearer ? lookup.named : lookup.refused).add(peerId)
    }
  }

  #lookupOf(asker: SimulatedPeer, key: RingPosition): WatchedLookup {
    const byAsker = this.#lookups.get(key) ?? new Map<string, WatchedLookup>()
    const lookup = byAsker.get(asker.peerId) ?? { named: new Set(), refused: new Set() }
    this.#lookups.set(key, byAsker.set(asker.peerId, lookup))
    const oldest = this.#lookups.keys().next()
    if (this.#lookups.size > MAX_WATCHED && !oldest.done) this.#lookups.delete(oldest.value)
    return lookup
  }
}

function keyOf({ method, request }: ObservedCall): RingPosition | undefined {
  return method === 'next' ? (request as { key: RingPosition }).key : undefined
}
