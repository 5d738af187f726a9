import type { ChordNode } from '../../../src/peer/chord/chord-node.ts'
import type { Contact } from '../../../src/peer/chord/contact.ts'
import {
  decodeReply,
  decodeReplyEnvelope,
  decodeRequest,
  decodeRequestEnvelope,
  encodeReply,
  encodeRequest
} from '../../../src/peer/chord/rpc/messages.ts'
import type { Answer, Method, Reply, Request, Transport } from '../../../src/peer/chord/rpc/protocol.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import {
  decodeFrameBody,
  encodeFrame,
  LENGTH_PREFIX_BYTES,
  type Message
} from '../../../src/peer/wire/frame-codec.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { VirtualClock } from './virtual-clock.ts'

export interface NetworkFaults {
  /** One way, milliseconds, at least and at most. */
  delay: readonly [number, number]
  /** Share of messages that get lost. */
  drop: number
  /** Encode and decode each message as on a real wire. */
  throughCodec: boolean
}

/** What is connected to the network under a peer id. */
interface Endpoint {
  node: ChordNode
  incarnation: number
  side: number
}

const DEFAULT_FAULTS: NetworkFaults = { delay: [5, 60], drop: 0, throughCodec: false }

/** Carries requests between the nodes of one process, with delays and faults, on virtual time. */
export class SimulatedNetwork {
  readonly faults: NetworkFaults
  readonly #clock: VirtualClock
  readonly #random: SeededRandom
  readonly #endpoints = new Map<string, Endpoint>()
  #connected = 0
  /** Requests that were sent, by method. */
  readonly sent = new Map<Method, number>()

  constructor(clock: VirtualClock, random: SeededRandom, faults: Partial<NetworkFaults> = {}) {
    this.#clock = clock
    this.#random = random
    this.faults = { ...DEFAULT_FAULTS, ...faults }
  }

  connect(peerId: string, node: ChordNode): void {
    this.#endpoints.set(peerId, { node, incarnation: ++this.#connected, side: 0 })
  }

  disconnect(peerId: string): void {
    this.#endpoints.delete(peerId)
  }

  /** Nodes of different sides do not reach each other. */
  partition(sideOf: (peerId: string) => number): void {
    for (const [peerId, endpoint] of this.#endpoints) endpoint.side = sideOf(peerId)
  }

  heal(): void {
    this.partition(() => 0)
  }

  transportOf(peerId: string): Transport {
    return { call: (to, method, request, signal) => this.#call(peerId, to, method, request, signal) }
  }

  #call<M extends Method>(
    from: string,
    to: Contact,
    method: M,
    request: Request<M>,
    signal: AbortSignal
  ): Promise<Answer<M>> {
    this.sent.set(method, (this.sent.get(method) ?? 0) + 1)
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      const settle = (perform: () => void): void => {
        signal.removeEventListener('abort', onAbort)
        perform()
      }
      if (this.#isLost(from, to.peerId)) return
      this.#later(() => {
        const endpoint = this.#endpoints.get(to.peerId)
        if (!endpoint) {
          settle(() => reject(new PeerError('PEER_UNREACHABLE', 'Connection refused.')))
          return
        }
        this.#perform(from, endpoint, method, request, signal).then(
          reply => {
            if (this.#isLost(to.peerId, from)) return
            this.#later(() => settle(() => resolve({ reply, incarnation: endpoint.incarnation })))
          },
          error => settle(() => reject(error))
        )
      })
    })
  }

  async #perform<M extends Method>(
    from: string,
    { node, incarnation }: Endpoint,
    method: M,
    request: Request<M>,
    signal: AbortSignal
  ): Promise<Reply<M>> {
    node.network.noteHeard(from)
    const received = this.faults.throughCodec ? codedRequest(method, request) : request
    const reply = await node.handlers[method]({ peerId: from }, received, signal)
    return this.faults.throughCodec ? codedReply(method, reply, incarnation) : reply
  }

  #isLost(from: string, to: string): boolean {
    if (this.faults.drop > 0 && this.#random.float() < this.faults.drop) return true
    const sides = [this.#endpoints.get(from)?.side, this.#endpoints.get(to)?.side]
    return sides[0] !== undefined && sides[1] !== undefined && sides[0] !== sides[1]
  }

  #later(callback: () => void): void {
    const [least, most] = this.faults.delay
    this.#clock.after(least + this.#random.float() * (most - least), callback)
  }
}

function codedRequest<M extends Method>(method: M, request: Request<M>): Request<M> {
  const envelope = decodeRequestEnvelope(overWire(encodeRequest(1, method, request)))
  return decodeRequest(method, envelope.body)
}

function codedReply<M extends Method>(method: M, reply: Reply<M>, incarnation: number): Reply<M> {
  return decodeReply(method, decodeReplyEnvelope(overWire(encodeReply(1, incarnation, reply))).body)
}

function overWire(message: Message): Message {
  return decodeFrameBody(encodeFrame(message).subarray(LENGTH_PREFIX_BYTES))
}
