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
  /** Share of requests that arrive twice. */
  duplicate: number
  /** Encode and decode each message as on a real wire. */
  throughCodec: boolean
}

/** What is connected to the network under a peer id. */
interface Endpoint {
  node: ChordNode
  incarnation: number
  side: number
}

/** A request on its way, for who watches a run. `to` and `from` are peer ids. */
export interface ObservedCall<M extends Method = Method> {
  from: string
  to: string
  method: M
  request: Request<M>
}

/** Sees every request when it is sent and every reply when it arrives; `reply` is undefined for a refusal or a silence. */
export interface NetworkObserver {
  onRequest?(call: ObservedCall): void
  onReply?(call: ObservedCall, reply: unknown): void
}

const DEFAULT_FAULTS: NetworkFaults = { delay: [5, 60], drop: 0, duplicate: 0, throughCodec: false }

/** Carries requests between the nodes of one process, with delays and faults, on virtual time. */
export class SimulatedNetwork {
  readonly faults: NetworkFaults
  readonly #clock: VirtualClock
  readonly #random: SeededRandom
  readonly #endpoints = new Map<string, Endpoint>()
  /** Cut off without a word: nothing refuses a connection there. */
  readonly #dark = new Set<string>()
  readonly #observers: NetworkObserver[] = []
  #connected = 0
  /** Requests that were sent, by method. */
  readonly sent = new Map<Method, number>()

  constructor(clock: VirtualClock, random: SeededRandom, faults: Partial<NetworkFaults> = {}) {
    this.#clock = clock
    this.#random = random
    this.faults = { ...DEFAULT_FAULTS, ...faults }
  }

  observe(observer: NetworkObserver): void {
    this.#observers.push(observer)
  }

  connect(peerId: string, node: ChordNode, side = 0): void {
    this.#dark.delete(peerId)
    this.#endpoints.set(peerId, { node, incarnation: ++this.#connected, side })
  }

  /** @param isSilent as a power cut: requests get no answer at all, where else the connection is refused */
  disconnect(peerId: string, isSilent = false): void {
    this.#endpoints.delete(peerId)
    if (isSilent) this.#dark.add(peerId)
  }

  /** On which side of a partition a peer is; 0 while there is none. */
  sideOf(peerId: string): number {
    return this.#endpoints.get(peerId)?.side ?? 0
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
    const call = { from, to: to.peerId, method, request } as unknown as ObservedCall
    for (const observer of this.#observers) observer.onRequest?.(call)
    return new Promise((resolve, reject) => {
      const settle = (reply: unknown, perform: () => void): void => {
        signal.removeEventListener('abort', onAbort)
        for (const observer of this.#observers) observer.onReply?.(call, reply)
        perform()
      }
      const onAbort = (): void => settle(undefined, () => reject(signal.reason))
      signal.addEventListener('abort', onAbort)
      const deliver = (): void => {
        const endpoint = this.#endpoints.get(to.peerId)
        if (!endpoint) {
          if (!this.#dark.has(to.peerId)) settle(undefined, () => reject(refused()))
          return
        }
        this.#perform(from, endpoint, method, request, signal).then(
          reply => {
            if (this.#isLost(to.peerId, from)) return
            const answer = { reply, incarnation: endpoint.incarnation }
            this.#later(() => settle(reply, () => resolve(answer)))
          },
          error => settle(undefined, () => reject(error))
        )
      }
      if (this.#isLost(from, to.peerId)) return
      this.#later(deliver)
      if (this.#happens(this.faults.duplicate)) this.#later(deliver)
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
    if (this.#happens(this.faults.drop)) return true
    const near = this.#endpoints.get(from)?.side
    const far = this.#endpoints.get(to)?.side
    return near !== undefined && far !== undefined && near !== far
  }

  #happens(share: number): boolean {
    return share > 0 && this.#random.float() < share
  }

  #later(callback: () => void): void {
    const [least, most] = this.faults.delay
    this.#clock.after(least + this.#random.float() * (most - least), callback)
  }
}

function refused(): PeerError {
  return new PeerError('PEER_UNREACHABLE', 'Connection refused.')
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
