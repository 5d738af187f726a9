import { type Clock, sleep } from '../../../src/peer/clock.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import type { Message } from '../../../src/peer/wire/frame-codec.ts'
import { type Flow, FluidUplink } from './fluid-uplink.ts'
import { frameBytes } from './message-size.ts'
import { SimulatedChannel, type Wire } from './simulated-channel.ts'

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

/** A machine at the end of a line. */
export class Host {
  readonly peerId: string
  readonly line: Line
  readonly uplink: FluidUplink
  readonly traffic: Traffic = { controlMessages: 0, controlBytes: 0, payloadMessages: 0, payloadBytes: 0 }
  readonly channels = new Set<SimulatedChannel>()
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

/** Milliseconds from one host to another and back. */
export function roundTrip(a: Host, b: Host): number {
  return 2 * (a.line.latency + b.line.latency)
}

/** Lines and latencies between the hosts of one process, on virtual time. Nothing gets lost on a line. */
export class SimulatedNetwork {
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Both ends of a new stream. */
  stream(a: Host, b: Host): [SimulatedChannel, SimulatedChannel] {
    const ends = SimulatedChannel.pair(this.#wire(a, b), this.#wire(b, a))
    remember(a, ends[0])
    remember(b, ends[1])
    return ends
  }

  /** Takes a host off the network. `isSilent` as a power cut: nobody is told, and nothing answers there. */
  remove(host: Host, isSilent: boolean): void {
    if (!isSilent) for (const channel of host.channels) channel.abort(new Error('the process ended'))
    host.state = isSilent ? 'dark' : 'gone'
    for (const channel of host.channels) channel.fail(new Error('the process ended'))
    host.channels.clear()
  }

  /**
   * Lets so many round trips between two hosts pass.
   * @throws PeerError PEER_UNREACHABLE; the signal's reason
   */
  async pass(from: Host, to: Host, milliseconds: number, signal: AbortSignal): Promise<void> {
    if (to.state === 'up') await sleep(this.#clock, milliseconds, signal)
    // It may have gone meanwhile.
    if (to.state === 'dark') await sleep(this.#clock, DARK_DIAL_MILLISECONDS, signal)
    if (to.state === 'gone') await sleep(this.#clock, roundTrip(from, to), signal)
    if (to.state !== 'up' || from.state !== 'up') throw unreachable()
  }

  #wire(from: Host, to: Host): Wire {
    const latency = roundTrip(from, to) / 2
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

function remember(host: Host, channel: SimulatedChannel): void {
  for (const old of host.channels) if (old.isOver) host.channels.delete(old)
  host.channels.add(channel)
}

function count(traffic: Traffic, message: Message, bytes: number): void {
  const payload = message.type === 'slice' && message.data instanceof Uint8Array ? message.data.length : 0
  if (payload > 0) traffic.payloadMessages++
  else traffic.controlMessages++
  traffic.payloadBytes += payload
  traffic.controlBytes += bytes - payload
}

export function unreachable(): PeerError {
  return new PeerError('PEER_UNREACHABLE', 'Nobody answers there.')
}
