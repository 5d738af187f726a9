import { createHash } from 'node:crypto'
import {
  type GossipSub,
  type GossipSubComponents,
  type GossipsubOpts,
  gossipsub,
  type Message,
  TopicValidatorResult
} from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import { PeerError } from '../errors.ts'
import type { Pubsub, TopicHandlers } from './pubsub.ts'
import type { RelayBlame } from './relay-blame.ts'
import type { Verdict } from './verdict.ts'

/** Largest RPC that is read: subscriptions to 64 topics, or a few messages. */
const MAX_RPC_BYTES = 16 * 1024
/** A peer that takes nothing is given up once so many bytes wait for it. */
const MAX_OUTBOUND_BYTES = 256 * 1024
/** What one peer's subscriptions may cost; gossipsub counts 1 KiB and the name for each. */
const MAX_TOPIC_BYTES = 160 * 1024
/** A gossipsub score is this for each message to blame for: 8 of them reach the threshold at which it stops to listen. */
const BLAME_WEIGHT = -10

const RESULTS: Record<Verdict, TopicValidatorResult> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject
}

/** gossipsub as a service of the node, for our topics only. */
export class GossipsubPubsub implements Pubsub {
  readonly #blame: RelayBlame
  readonly #handlers = new Map<string, TopicHandlers>()
  readonly #mesh = new Map<string, Set<string>>()
  #service: GossipSub | undefined

  constructor(blame: RelayBlame) {
    this.#blame = blame
  }

  /** For the services of `createLibp2p`. */
  readonly service = (components: GossipSubComponents): GossipSub => {
    const service = gossipsub(this.#options())(components)
    service.addEventListener('subscription-change', ({ detail }) => {
      for (const { topic, subscribe } of detail.subscriptions) {
        if (subscribe) this.#handlers.get(topic)?.joined(detail.peerId.toString())
      }
    })
    service.addEventListener('gossipsub:graft', ({ detail }) => {
      if (!this.#handlers.has(detail.topic)) return
      this.#mesh.set(detail.topic, (this.#mesh.get(detail.topic) ?? new Set()).add(detail.peerId))
    })
    service.addEventListener('gossipsub:prune', ({ detail }) => {
      this.#mesh.get(detail.topic)?.delete(detail.peerId)
    })
    this.#service = service
    return service
  }

  subscribe(topic: string, handlers: TopicHandlers): void {
    const service = this.#requireService()
    this.#handlers.set(topic, handlers)
    service.topicValidators.set(topic, (relay, message) => this.#judge(handlers, relay, message))
    service.subscribe(topic)
  }

  unsubscribe(topic: string, handlers: TopicHandlers): void {
    const service = this.#requireService()
    if (this.#handlers.get(topic) !== handlers) return
    this.#handlers.delete(topic)
    this.#mesh.delete(topic)
    service.topicValidators.delete(topic)
    service.unsubscribe(topic)
  }

  async publish(topic: string, data: Uint8Array): Promise<number> {
    const { recipients } = await this.#requireService().publish(topic, data)
    return recipients.length
  }

  /** A peer that lost its connection leaves the mesh without a word: only subscribers count. */
  meshPeers(topic: string): ReadonlySet<string> {
    const mesh = this.#mesh.get(topic)
    if (!mesh || mesh.size === 0) return new Set()
    const subscribers = new Set(this.#requireService().getSubscribers(topic).map(String))
    for (const peerId of mesh) if (!subscribers.has(peerId)) mesh.delete(peerId)
    return mesh
  }

  #options(): Partial<GossipsubOpts> {
    return {
      globalSignaturePolicy: 'StrictSign',
      fallbackToFloodsub: false,
      // gossipsub answers a list of message ids with all of those messages in one RPC, and a peer that reads one over its limit hears
      // nothing from then on. Hints are told again anyway: so no such lists, and a mesh that is a little closer.
      Dlazy: 0,
      gossipFactor: 0,
      D: 8,
      Dlo: 6,
      Dhi: 16,
      // Nobody need be there to hear a hint.
      allowPublishToZeroTopicPeers: true,
      // Also where a relay is all there is.
      runOnLimitedConnection: true,
      maxInboundDataLength: MAX_RPC_BYTES,
      maxOutboundBufferSize: MAX_OUTBOUND_BYTES,
      maxTopicBytesPerPeer: MAX_TOPIC_BYTES,
      // The default holds a whole RSA key.
      msgIdFn: messageId,
      fastMsgIdFn: ({ from, seqno, data, topic }) => hashOf(from, seqno, data, Buffer.from(topic ?? '')),
      dataTransform: {
        inboundTransform: (topic, data) => this.#requireOurs(topic, data),
        outboundTransform: (_topic, data) => data
      },
      scoreParams: {
        // An office behind one address, or a test on one machine, is no attack.
        IPColocationFactorWeight: 0,
        appSpecificScore: peerId => this.#blame.of(peerId),
        appSpecificWeight: BLAME_WEIGHT
      }
    }
  }

  #judge(handlers: TopicHandlers, relay: PeerId, message: Message): TopicValidatorResult {
    if (message.type !== 'signed') return TopicValidatorResult.Reject
    const verdict = handlers.judge({
      author: message.from.toString(),
      relay: relay.toString(),
      data: message.data
    })
    if (verdict === 'reject') this.#blame.add(relay.toString())
    return RESULTS[verdict]
  }

  /** Without this, gossipsub would keep messages of any topic for a while. */
  #requireOurs(topic: string, data: Uint8Array): Uint8Array {
    if (this.#handlers.has(topic)) return data
    throw new PeerError('PROTOCOL_VIOLATION', 'A peer sent a message of a topic that nobody asked for.')
  }

  #requireService(): GossipSub {
    if (this.#service) return this.#service
    throw new PeerError('INTERNAL', 'The gossip is not part of a node yet.')
  }
}

function messageId(message: Message): Uint8Array {
  if (message.type !== 'signed') throw new PeerError('SIGNATURE_INVALID', 'A message is not signed.')
  const sequence = Buffer.alloc(8)
  sequence.writeBigUInt64BE(BigInt.asUintN(64, message.sequenceNumber))
  return digest(message.from.toMultihash().bytes, sequence)
}

/** All that a signature covers: the same message again is known without checking its signature again. */
function hashOf(...parts: (Uint8Array | undefined)[]): string {
  return Buffer.from(digest(...parts)).toString('base64')
}

function digest(...parts: (Uint8Array | undefined)[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) {
    const bytes = part ?? new Uint8Array(0)
    hash.update(`${bytes.length}:`).update(bytes)
  }
  return new Uint8Array(hash.digest().subarray(0, 20))
}
