import { ChordNode, type ChordNodeInit } from '../../../src/peer/chord/chord-node.ts'
import { type Contact, contactOf } from '../../../src/peer/chord/contact.ts'
import type { AnnounceKey } from '../../../src/peer/chord/record/provider-record.ts'
import type { Publication } from '../../../src/peer/chord/record/publication.ts'
import type { RingPosition } from '../../../src/peer/chord/ring-position.ts'
import type { Clock } from '../../../src/peer/clock.ts'
import { createLogger, type LogLine, silentLogger } from '../../../src/peer/log.ts'
import type { Signer } from '../../../src/peer/wire/signature.ts'
import { SeededRandom } from './seeded-random.ts'
import { peerIdOf, simulatedAnnounceKey, simulatedSigner, verifySimulated } from './simulated-keys.ts'
import { type NetworkFaults, SimulatedNetwork } from './simulated-network.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface SimulatedPeer {
  peerId: string
  position: RingPosition
  node: ChordNode
  signer: Signer
}

export interface SimulatedPublication {
  publication: Publication
  announceKey: AnnounceKey
  by: SimulatedPeer
}

export interface SimulationInit {
  seed: number
  faults?: Partial<NetworkFaults>
  /** Each node's wall clock is off by up to so many milliseconds, either way. */
  clockSkew?: number
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
  #inOrder: SimulatedPeer[] | undefined
  readonly #byId = new Map<string, SimulatedPeer>()

  constructor(init: SimulationInit) {
    this.#init = init
    this.random = new SeededRandom(init.seed)
    this.network = new SimulatedNetwork(this.clock, this.random, init.faults)
  }

  /** Members, in the order of the ring. */
  get members(): SimulatedPeer[] {
    if (this.#inOrder?.length !== this.peers.length) {
      this.#inOrder = this.peers.toSorted((a, b) => (a.position < b.position ? -1 : 1))
    }
    return this.#inOrder.filter(peer => peer.node.ring.isMember)
  }

  /** The living peer of that id. */
  find(peerId: string): SimulatedPeer | undefined {
    return this.#byId.get(peerId)
  }

  /** Makes a peer that is in no ring yet. */
  make(init: Partial<ChordNodeInit> = {}): SimulatedPeer {
    const signer = simulatedSigner(this.random)
    const node = this.#newNode(signer, init)
    node.ring.events.on('successors', () => {
      this.isChanged = true
    })
    node.ring.events.on('predecessor', () => {
      this.isChanged = true
    })
    return { peerId: node.ring.peerId, position: node.ring.position, node, signer }
  }

  /** A node with a peer's identity that knows nothing yet, and that nobody can ask anything. */
  twinOf(peer: SimulatedPeer): ChordNode {
    return this.#newNode(peer.signer, {})
  }

  /** Connects a peer and lets it join through another one, or begin a ring. Resolves once it has joined. */
  async join(peer: SimulatedPeer, through?: SimulatedPeer): Promise<void> {
    const side = through ? this.network.sideOf(through.peerId) : 0
    this.network.connect(peer.peerId, peer.node, side)
    const signal = new AbortController().signal
    await peer.node.join(through && this.contact(through), { signal })
    this.peers.push(peer)
    this.#byId.set(peer.peerId, peer)
    this.#inOrder = undefined
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

  /** The power fails: others get no answer, and no connection tells them. */
  cutPower(peer: SimulatedPeer): void {
    this.#take(peer, true)
    peer.node.stop()
  }

  async leave(peer: SimulatedPeer): Promise<void> {
    this.#remove(peer)
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
    const members = this.members
    const first = members.findIndex(member => member.position >= key)
    const from = Math.max(0, first)
    return [...members.slice(from, from + count), ...members.slice(0, from)].slice(0, count)
  }

  #newNode(signer: Signer, init: Partial<ChordNodeInit>): ChordNode {
    const peerId = peerIdOf(signer)
    const log = this.#init.onLog
      ? createLogger(peerId.slice(-4), this.#init.onLog, () => this.clock.monotonic())
      : silentLogger
    return new ChordNode(
      {
        peerId,
        signer,
        transport: this.network.transportOf(peerId),
        clock: this.#clockOf(),
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
  }

  // Wall-clock time alone is off: monotonic clocks of all machines run alike.
  #clockOf(): Clock {
    const { clock, random } = this
    const skew = (this.#init.clockSkew ?? 0) * (2 * random.float() - 1)
    return {
      now: () => clock.now() + skew,
      monotonic: () => clock.monotonic(),
      after: (delay, callback) => clock.after(delay, callback)
    }
  }

  #take(peer: SimulatedPeer, isSilent = false): void {
    this.#remove(peer)
    this.network.disconnect(peer.peerId, isSilent)
    this.isChanged = true
  }

  #remove(peer: SimulatedPeer): void {
    this.peers.splice(this.peers.indexOf(peer), 1)
    this.#byId.delete(peer.peerId)
    this.#inOrder = undefined
  }
}
