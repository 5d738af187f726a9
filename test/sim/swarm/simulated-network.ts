import { type Clock, sleep } from '../../../src/peer/clock.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import type { Message } from '../../../src/peer/wire/frame-codec.ts'
import { type Flow, FluidUplink } from './fluid-uplink.ts'
import { frameBytes } from './message-size.ts'
import { SimulatedChannel, type Wire } from './simulated-channel.ts'

/** Round trips of a new connection: TCP, choice of the encrypter, TLS 1.3 with choice of the muxer, identify. */
const CONNECTION_ROUND_TRIPS = 4
/** Milliseconds that both ends reckon for a new connection, RSA-2048 above all. */
const CONNECTION_CPU_MILLISECONDS = 6
/** Bytes that both ends send for it, certificates and identify above all. */
const CONNECTION_BYTES = 6000
/** Round trips and bytes of the opening of a stream: choice of the protocol, HELLO and OPEN, PROOF. */
const STREAM_ROUND_TRIPS = 3
const STREAM_BYTES = 700
const STREAM_MESSAGES = 3

/** Headers of yamux and of a TLS record, for each message. */
const HEADER_BYTES = 34
/** What is not bulk does not queue at a downlink. */
const PACKET_BYTES = 1500
/** Nobody answers at an address that went dark: the pool gives up. */
const DARK_DIAL_MILLISECONDS = 10_000

/** A line as its provider sells it, in bytes per second and milliseconds. */
export interface Line {
  up: number
  down: number
  /** One way, from the peer to the middle of the network. */
  latency: number
}

/** Messages and bytes that one peer sent. */
export interface Traffic {
  controlMessages: number
  controlBytes: number
  payloadMessages: number
  /** Of chunks alone. */
  payloadBytes: number
}

/** What a host does with a stream that another one has opened. */
export type Accept = (channel: SimulatedChannel, from: string) => void

/** A machine at the end of a line. */
export class Host {
  readonly peerId: string
  readonly line: Line
  readonly uplink: FluidUplink
  readonly traffic: Traffic = { controlMessages: 0, controlBytes: 0, payloadMessages: 0, payloadBytes: 0 }
  readonly channels = new Set<SimulatedChannel>()
  readonly connections = new Set<string>()
  /** Connections that were set up because of this host. */
  dialled = 0
  state: 'up' | 'gone' | 'dark' = 'up'
  #downlinkFreeAt = 0

  constructor(peerId: string, line: Line, clock: Clock) {
    this.peerId = peerId
    this.line = line
    this.uplink = new FluidUplink(line.up, clock)
  }

  /** Milliseconds until so many bytes that arrive now have come through the downlink. */
  receive(bytes: number, now: number): number {
    this.#downlinkFreeAt = Math.max(now, this.#downlinkFreeAt) + (bytes * 1000) / this.line.down
    return bytes < PACKET_BYTES ? 0 : this.#downlinkFreeAt - now
  }

  /** Counts what travels beside the streams. */
  count(messages: number, bytes: number): void {
    this.traffic.controlMessages += messages
    this.traffic.controlBytes += bytes + messages * HEADER_BYTES
  }
}

/** Lines, latencies, connections and streams between the peers of one process, on virtual time. Nothing gets lost on a line. */
export class SimulatedNetwork {
  readonly #clock: Clock
  readonly #hosts = new Map<string, { host: Host; accept: Accept }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(peerId: string, line: Line, accept: Accept): Host {
    const host = new Host(peerId, line, this.#clock)
    this.#hosts.set(peerId, { host, accept })
    return host
  }

  /** Milliseconds from one host to another and back. */
  roundTrip(a: Host, b: Host): number {
    return 2 * (a.line.latency + b.line.latency)
  }

  /** The same by peer id; undefined if there is no such host. */
  roundTripTo(from: Host, to: string): number | undefined {
    const target = this.#hosts.get(to)
    return target && this.roundTrip(from, target.host)
  }

  /**
   * A stream to another host, over the connection that there is or a new one.
   * @throws PeerError PEER_UNREACHABLE; the signal's reason
   */
  async open(from: Host, to: string, signal: AbortSignal): Promise<SimulatedChannel> {
    const target = this.#hosts.get(to)
    if (!target) throw unreachable()
    const roundTrip = this.roundTrip(from, target.host)
    if (!from.connections.has(to)) await this.#connect(from, target.host, roundTrip, signal)
    await this.#pass(from, target.host, STREAM_ROUND_TRIPS * roundTrip, signal)
    from.count(STREAM_MESSAGES, STREAM_BYTES)
    target.host.count(STREAM_MESSAGES, STREAM_BYTES)
    const [near, far] = SimulatedChannel.pair(this.#wire(from, target.host), this.#wire(target.host, from))
    this.#remember(from, near)
    this.#remember(target.host, far)
    target.accept(far, from.peerId)
    return near
  }

  /** Takes a host off the network. `isSilent` as a power cut: nobody is told, and nothing answers there. */
  remove(host: Host, isSilent: boolean): void {
    if (!isSilent) for (const channel of host.channels) channel.abort(new Error('the process ended'))
    host.state = isSilent ? 'dark' : 'gone'
    for (const channel of host.channels) channel.fail(new Error('the process ended'))
    host.channels.clear()
    for (const { host: other } of this.#hosts.values()) other.connections.delete(host.peerId)
  }

  async #connect(from: Host, to: Host, roundTrip: number, signal: AbortSignal): Promise<void> {
    from.dialled++
    await this.#pass(from, to, CONNECTION_ROUND_TRIPS * roundTrip + CONNECTION_CPU_MILLISECONDS, signal)
    from.count(2 * CONNECTION_ROUND_TRIPS, CONNECTION_BYTES)
    to.count(2 * CONNECTION_ROUND_TRIPS, CONNECTION_BYTES)
    from.connections.add(to.peerId)
    to.connections.add(from.peerId)
  }

  async #pass(from: Host, to: Host, milliseconds: number, signal: AbortSignal): Promise<void> {
    if (to.state === 'up') await sleep(this.#clock, milliseconds, signal)
    // It may have gone meanwhile.
    if (to.state === 'dark') await sleep(this.#clock, DARK_DIAL_MILLISECONDS, signal)
    if (to.state === 'gone') await sleep(this.#clock, this.roundTrip(from, to), signal)
    if (to.state !== 'up' || from.state !== 'up') throw unreachable()
  }

  #remember(host: Host, channel: SimulatedChannel): void {
    for (const old of host.channels) if (old.isOver) host.channels.delete(old)
    host.channels.add(channel)
  }

  #wire(from: Host, to: Host): Wire {
    const latency = this.roundTrip(from, to) / 2
    return {
      send: (flow, message, onSent, onDelivered) =>
        this.#send({ from, to, latency, flow, message, onSent, onDelivered }),
      stop: flow => from.uplink.stop(flow),
      signal: callback => {
        if (from.state !== 'up') return
        this.#clock.after(latency, () => {
          if (to.state === 'up') callback()
        })
      }
    }
  }

  #send({ from, to, latency, flow, message, onSent, onDelivered }: Sending): void {
    const bytes = frameBytes(message) + HEADER_BYTES
    count(from.traffic, message, bytes)
    const travel = (): void => {
      this.#clock.after(latency, () => {
        if (to.state === 'up') this.#deliver(from, to, flow, bytes, onDelivered)
      })
    }
    // A single packet waits for none of the others' bulk at a fair uplink.
    if (bytes < PACKET_BYTES && flow.isIdle) {
      flow.unacknowledgedBytes += bytes
      travel()
      return
    }
    from.uplink.send(flow, bytes, () => {
      onSent()
      travel()
    })
  }

  #deliver(from: Host, to: Host, flow: Flow, bytes: number, onDelivered: () => void): void {
    const now = this.#clock.monotonic()
    flow.deliveredAt = Math.max(flow.deliveredAt, now + to.receive(bytes, now))
    const arrive = (): void => {
      from.uplink.delivered(flow, bytes)
      if (to.state === 'up') onDelivered()
    }
    if (flow.deliveredAt === now) arrive()
    else this.#clock.after(flow.deliveredAt - now, arrive)
  }
}

interface Sending {
  from: Host
  to: Host
  latency: number
  flow: Flow
  message: Message
  onSent: () => void
  onDelivered: () => void
}

function count(traffic: Traffic, message: Message, bytes: number): void {
  const payload = message.type === 'slice' && message.data instanceof Uint8Array ? message.data.length : 0
  if (payload > 0) traffic.payloadMessages++
  else traffic.controlMessages++
  traffic.payloadBytes += payload
  traffic.controlBytes += bytes - payload
}

function unreachable(): PeerError {
  return new PeerError('PEER_UNREACHABLE', 'Nobody answers there.')
}
