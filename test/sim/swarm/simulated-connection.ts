import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { SimulatedChannel } from './simulated-channel.ts'
import { roundTrip, type SimulatedNetwork } from './simulated-network.ts'
import type { SimulatedNode } from './simulated-node.ts'

/** Round trips and bytes of the opening of a stream: choice of the protocol, HELLO and OPEN, PROOF. */
const STREAM_ROUND_TRIPS = 3
const STREAM_MESSAGES = 3
const STREAM_BYTES = 700

interface OpenStream {
  protocol: string
  channel: SimulatedChannel
}

/** One end of a connection, as far as the engine's pool looks at it. */
export class SimulatedConnection {
  readonly direction: 'inbound' | 'outbound'
  readonly remotePeer: PeerId
  readonly limits = undefined
  status: 'open' | 'closed' = 'open'
  readonly #near: SimulatedNode
  readonly #far: SimulatedNode
  readonly #network: SimulatedNetwork
  readonly #listeners = new Set<() => void>()
  #streams: OpenStream[] = []
  #other: SimulatedConnection | undefined

  constructor(
    near: SimulatedNode,
    far: SimulatedNode,
    network: SimulatedNetwork,
    direction: 'inbound' | 'outbound'
  ) {
    this.#near = near
    this.#far = far
    this.#network = network
    this.direction = direction
    this.remotePeer = peerIdFromString(far.peerId)
  }

  /** Both ends of a new connection. */
  static pair(
    near: SimulatedNode,
    far: SimulatedNode,
    network: SimulatedNetwork
  ): [SimulatedConnection, SimulatedConnection] {
    const dialled = new SimulatedConnection(near, far, network, 'outbound')
    const accepted = new SimulatedConnection(far, near, network, 'inbound')
    dialled.#other = accepted
    accepted.#other = dialled
    return [dialled, accepted]
  }

  get remotePeerId(): string {
    return this.#far.peerId
  }

  get streams(): readonly OpenStream[] {
    this.#streams = this.#streams.filter(({ channel }) => !channel.isOver)
    return this.#streams
  }

  onEnd(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** The engine's opening included. */
  async newStream(protocol: string, { signal }: { signal: AbortSignal }): Promise<SimulatedChannel> {
    const { host: near } = this.#near
    const { host: far } = this.#far
    await this.#network.pass(near, far, STREAM_ROUND_TRIPS * roundTrip(near, far), signal)
    near.count(STREAM_MESSAGES, STREAM_BYTES)
    far.count(STREAM_MESSAGES, STREAM_BYTES)
    const [ours, theirs] = this.#network.stream(near, far)
    this.remember({ protocol, channel: ours })
    this.#other?.remember({ protocol, channel: theirs })
    this.#far.accept(protocol, theirs, this.#near.peerId)
    return ours
  }

  remember(stream: OpenStream): void {
    this.#streams.push(stream)
  }

  async close(): Promise<void> {
    this.end()
  }

  abort(): void {
    this.end()
  }

  /** Ends this end, and the other one unless `isSilent`; streams that are open break. */
  end(isSilent = false): void {
    if (this.status === 'closed') return
    this.status = 'closed'
    for (const { channel } of this.#streams) channel.fail(new Error('the connection was closed'))
    for (const listener of this.#listeners) listener()
    if (!isSilent) this.#other?.end()
  }
}
