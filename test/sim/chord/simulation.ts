import { ChordNode, type ChordNodeInit } from '../../../src/peer/chord/chord-node.ts'
import { type Contact, contactOf } from '../../../src/peer/chord/contact.ts'
import type { AnnounceKey } from '../../../src/peer/chord/record/provider-record.ts'
import type { Publication } from '../../../src/peer/chord/record/publication.ts'
import { distance, type RingPosition } from '../../../src/peer/chord/ring-position.ts'
import { createLogger, type LogLine, silentLogger } from '../../../src/peer/log.ts'
import { SeededRandom } from './seeded-random.ts'
import { peerIdOf, simulatedAnnounceKey, simulatedSigner, verifySimulated } from './simulated-keys.ts'
import { type NetworkFaults, SimulatedNetwork } from './simulated-network.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface SimulatedPeer {
  peerId: string
  position: RingPosition
  node: ChordNode
}

export interface SimulatedPublication {
  publication: Publication
  announceKey: AnnounceKey
  by: SimulatedPeer
}

export interface SimulationInit {
  seed: number
  faults?: Partial<NetworkFaults>
  node?: Partial<ChordNodeInit>
  /** Receives each log line with its virtual time, for a run that has to be understood. */
  onLog?: (line: LogLine) => void
}

/** A ring of real Chord nodes on virtual time; one seed gives one run. */
export class Simulation {
  readonly clock = new VirtualClock()
  readonly random: SeededRandom
  readonly network: SimulatedNetwork
  readonly peers: SimulatedPeer[] = []
  /** Peers that nobody can dial back. */
  readonly unreachable = new Set<string>()
  readonly #init: SimulationInit
  /** True when some node's lists changed since the last look. */
  isChanged = false

  constructor(init: SimulationInit) {
    this.#init = init
    this.random = new SeededRandom(init.seed)
    this.network = new SimulatedNetwork(this.clock, this.random, init.faults)
  }

  /** Members, in the order of the ring. */
  get members(): SimulatedPeer[] {
    const members = this.peers.filter(peer => peer.node.ring.isMember)
    return members.sort((a, b) => (a.position < b.position ? -1 : 1))
  }

  /** Makes a peer that is in no ring yet. */
  make(init: Partial<ChordNodeInit> = {}): SimulatedPeer {
    const signer = simulatedSigner(this.random)
    const peerId = peerIdOf(signer)
    const log = this.#init.onLog
      ? createLogger(peerId.slice(-4), this.#init.onLog, () => this.clock.monotonic())
      : silentLogger
    const node = new ChordNode(
      {
        peerId,
        signer,
        transport: this.network.transportOf(peerId),
        clock: this.clock,
        random: this.random,
        log,
        verify: verifySimulated,
        addresses: () => [`/ip4/10.0.0.1/tcp/4001/p2p/${peerId}`],
        dialBack: async caller => ({
          reached: !this.unreachable.has(caller.peerId),
          reason: 'connection refused'
        }),
        bootstrapContacts: async () => []
      },
      { ring: 'simulated', ...this.#init.node, ...init }
    )
    node.ring.events.on('successors', () => {
      this.isChanged = true
    })
    node.ring.events.on('predecessor', () => {
      this.isChanged = true
    })
    return { peerId, position: node.ring.position, node }
  }

  /** Connects a peer and lets it join through another one, or begin a ring. Resolves once it has joined. */
  async join(peer: SimulatedPeer, through?: SimulatedPeer): Promise<void> {
    this.network.connect(peer.peerId, peer.node)
    const signal = new AbortController().signal
    await peer.node.join(through && this.contact(through), { signal })
    this.peers.push(peer)
    this.isChanged = true
  }

  /** Makes a ring of `count`, one joining after the other through a random member. */
  async grow(count: number, onStep?: () => void): Promise<void> {
    while (this.peers.length < count) {
      const through = this.peers.length > 0 ? this.random.pick(this.members) : undefined
      await this.clock.until(this.join(this.make(), through), onStep)
    }
  }

  /** The process dies: others get no answer, and their connections to it break. */
  crash(peer: SimulatedPeer): void {
    this.#take(peer)
    peer.node.stop()
    for (const { node } of this.peers) node.onDisconnect(peer.peerId)
  }

  async leave(peer: SimulatedPeer): Promise<void> {
    this.peers.splice(this.peers.indexOf(peer), 1)
    await peer.node.leave(new AbortController().signal)
    this.network.disconnect(peer.peerId)
    this.isChanged = true
  }

  publish(by: SimulatedPeer): SimulatedPublication {
    const announceKey = simulatedAnnounceKey(this.random)
    const publication = by.node.publisher.publish({ announceKey, chunkCount: 8, ranges: [[0, 8]] })
    return { publication, announceKey, by }
  }

  contact(peer: SimulatedPeer): Contact {
    return contactOf(peer.peerId, peer.node.ring.self.addresses)
  }

  /** The member that owns a key in truth, and those after it. */
  trueOwners(key: RingPosition, count: number): SimulatedPeer[] {
    return this.members
      .toSorted((a, b) => (distance(key, a.position) < distance(key, b.position) ? -1 : 1))
      .slice(0, count)
  }

  #take(peer: SimulatedPeer): void {
    this.peers.splice(this.peers.indexOf(peer), 1)
    this.network.disconnect(peer.peerId)
    this.isChanged = true
  }
}
