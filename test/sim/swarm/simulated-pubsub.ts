import type { Clock } from '../../../src/peer/clock.ts'
import type { Pubsub, TopicHandlers } from '../../../src/peer/gossip/pubsub.ts'
import type { SeededRandom } from '../chord/seeded-random.ts'
import { roundTrip } from './simulated-network.ts'
import type { SimulatedNode } from './simulated-node.ts'

/** gossipsub's D: peers of a topic that messages are passed on to. */
const MESH_SIZE = 6
/** It looks for others once fewer are left: gossipsub's D_lo. */
const MESH_LEAST = 4
/** Bytes of a message besides its data: author, sequence, topic, RSA-2048 signature. */
const ENVELOPE_BYTES = 420

interface Member {
  node: SimulatedNode
  handlers: TopicHandlers
  mesh: Set<string>
  seen: Set<number>
}

interface Gossiped {
  id: number
  author: string
  data: Uint8Array
}

/**
 * gossipsub between simulated nodes: whoever publishes sends to all subscribers that it is connected to (flood publishing), whoever
 * accepts a message passes it on within a mesh of six. Messages do not queue at the lines.
 */
export class SimulatedPubsub {
  readonly #clock: Clock
  readonly #random: SeededRandom
  readonly #topics = new Map<string, Topic>()

  constructor(clock: Clock, random: SeededRandom) {
    this.#clock = clock
    this.#random = random
  }

  /** It as one node sees it. */
  of(node: SimulatedNode): Pubsub {
    node.onPeer(peerId => {
      for (const topic of this.#topics.values()) topic.introduce(node.peerId, peerId)
    })
    return {
      subscribe: (topic, handlers) => this.#topic(topic).subscribe(node, handlers),
      unsubscribe: topic => this.#topic(topic).unsubscribe(node.peerId),
      publish: async (topic, data) => this.#topic(topic).publish(node, data),
      meshPeers: topic => this.#topic(topic).meshOf(node.peerId)
    }
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name) ?? new Topic(this.#clock, this.#random)
    this.#topics.set(name, topic)
    return topic
  }
}

class Topic {
  readonly #clock: Clock
  readonly #random: SeededRandom
  readonly #members = new Map<string, Member>()
  #published = 0

  constructor(clock: Clock, random: SeededRandom) {
    this.#clock = clock
    this.#random = random
  }

  subscribe(node: SimulatedNode, handlers: TopicHandlers): void {
    this.#members.set(node.peerId, { node, handlers, mesh: new Set(), seen: new Set() })
    for (const peerId of node.connectedPeers) {
      this.introduce(node.peerId, peerId)
      this.introduce(peerId, node.peerId)
    }
  }

  unsubscribe(peerId: string): void {
    this.#members.delete(peerId)
  }

  /** The first learns over their connection that the second has subscribed. */
  introduce(first: string, second: string): void {
    const [member, other] = [this.#members.get(first), this.#members.get(second)]
    if (!member || !other) return
    this.#clock.after(latency(member, other), () => {
      const isMember = this.#members.get(first) === member && this.#members.has(second)
      if (isMember && member.node.connectedPeers.has(second)) member.handlers.joined(second)
    })
  }

  publish(node: SimulatedNode, data: Uint8Array): number {
    const message = { id: this.#published++, author: node.peerId, data }
    const member = this.#members.get(node.peerId)
    if (!member) return 0
    const receivers = this.#neighbours(node)
    member.seen.add(message.id)
    for (const receiver of receivers) this.#pass(message, member, receiver)
    return receivers.length
  }

  meshOf(peerId: string): ReadonlySet<string> {
    const member = this.#members.get(peerId)
    if (!member) return new Set()
    const connected = member.node.connectedPeers
    for (const other of member.mesh) {
      if (!connected.has(other) || !this.#members.has(other)) member.mesh.delete(other)
    }
    if (member.mesh.size < MESH_LEAST) this.#graft(member)
    return member.mesh
  }

  #pass(message: Gossiped, from: Member, receiver: string): void {
    const member = this.#members.get(receiver)
    if (!member || from.node.host.state !== 'up') return
    from.node.host.count(1, message.data.length + ENVELOPE_BYTES)
    this.#clock.after(latency(from, member), () => this.#take(message, from.node.peerId, receiver))
  }

  #take(message: Gossiped, from: string, receiver: string): void {
    const member = this.#members.get(receiver)
    if (member?.node.host.state !== 'up' || member.seen.has(message.id)) return
    member.seen.add(message.id)
    const { author, data } = message
    if (member.handlers.judge({ author, relay: from, data }) !== 'accept') return
    for (const peerId of this.meshOf(receiver)) {
      if (peerId !== from && peerId !== author) this.#pass(message, member, peerId)
    }
  }

  #graft(member: Member): void {
    const others = this.#neighbours(member.node).filter(peerId => !member.mesh.has(peerId))
    while (member.mesh.size < MESH_SIZE && others.length > 0) {
      const [peerId] = others.splice(this.#random.below(others.length), 1)
      if (peerId === undefined) return
      member.mesh.add(peerId)
      this.#members.get(peerId)?.mesh.add(member.node.peerId)
    }
  }

  #neighbours(node: SimulatedNode): string[] {
    return [...node.connectedPeers].filter(peerId => this.#members.has(peerId))
  }
}

function latency(a: Member, b: Member): number {
  return roundTrip(a.node.host, b.node.host) / 2
}
