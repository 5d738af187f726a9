import type { Connection, PeerStore } from '@libp2p/interface'
import type { ConnectionManager } from '@libp2p/interface-internal'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { PeerError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { Contact } from '../contact.ts'
import type { Answer, Method, Request, Transport } from './protocol.ts'
import { StreamClient } from './stream-client.ts'

export interface StreamTransportComponents {
  connectionManager: ConnectionManager
  peerStore: PeerStore
  protocol: string
  log: Logger
}

/** Milliseconds to dial, open a stream and say hello. */
const OPEN_TIMEOUT = 10_000
/** Streams without a request for this long are closed; neighbours are asked more often than that. */
const IDLE_TIMEOUT = 60_000
/** Streams kept at most; the longest idle goes first. */
const MAX_STREAMS = 256
export const MAX_STREAMS_PER_CONNECTION = 8

/** Carries requests over libp2p: one long-lived stream to each peer that is being asked. */
export class StreamTransport implements Transport {
  readonly #components: StreamTransportComponents
  readonly #clients = new Map<string, StreamClient>()
  readonly #opening = new Map<string, Promise<StreamClient>>()
  #sweep: NodeJS.Timeout | undefined
  #closing = new AbortController()

  constructor(components: StreamTransportComponents) {
    this.#components = components
  }

  start(): void {
    clearInterval(this.#sweep)
    this.#sweep = setInterval(() => this.#closeIdle(), IDLE_TIMEOUT / 4)
    this.#sweep.unref()
  }

  async call<M extends Method>(
    to: Contact,
    method: M,
    request: Request<M>,
    signal: AbortSignal
  ): Promise<Answer<M>> {
    const client = await this.#clientFor(to, signal)
    try {
      return await client.request(method, request, signal)
    } catch (error) {
      // The stream was closed under the request, by an idle sweep or with one of several connections: once more, afresh.
      if (signal.aborted || client.isUsable) throw error
      const fresh = await this.#clientFor(to, signal)
      return await fresh.request(method, request, signal)
    }
  }

  /** Ends all streams and what is being opened. */
  close(): void {
    this.#closing.abort(new PeerError('ABORTED', 'This peer is leaving the network.'))
    this.#closing = new AbortController()
    for (const client of this.#clients.values()) client.close()
    this.#clients.clear()
  }

  stop(): void {
    clearInterval(this.#sweep)
    this.close()
  }

  async #clientFor(to: Contact, signal: AbortSignal): Promise<StreamClient> {
    const known = this.#clients.get(to.peerId)
    if (known?.isUsable) return known
    this.#clients.delete(to.peerId)
    const opening = this.#opening.get(to.peerId) ?? this.#startOpening(to)
    return await abortable(opening, signal)
  }

  // Several requests wait for one opening, so it has its own deadline instead of any one request's.
  #startOpening(to: Contact): Promise<StreamClient> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(OPEN_TIMEOUT)])
    const opening = this.#open(to, signal).finally(() => this.#opening.delete(to.peerId))
    this.#opening.set(to.peerId, opening)
    // Every waiting request may have given up by the time it fails.
    opening.catch((error: unknown) => this.#components.log.trace(`No stream: ${String(error)}`))
    return opening
  }

  async #open(to: Contact, signal: AbortSignal): Promise<StreamClient> {
    const { protocol } = this.#components
    try {
      const connection = await this.#connect(to, signal)
      const stream = await connection.newStream(protocol, {
        signal,
        runOnLimitedConnection: true,
        maxOutboundStreams: MAX_STREAMS_PER_CONNECTION
      })
      const client = await StreamClient.open(stream, signal)
      this.#clients.set(to.peerId, client)
      this.#closeSurplus()
      return client
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof PeerError) throw cause
      throw unreachable(cause)
    }
  }

  async #connect(to: Contact, signal: AbortSignal): Promise<Connection> {
    const { connectionManager } = this.#components
    const open = connectionManager
      .getConnections(peerIdFromString(to.peerId))
      .find(connection => connection.status === 'open')
    return open ?? (await connectionManager.openConnection(await this.#addressesOf(to), { signal }))
  }

  // Dialling by peer id alone would ask peer routing, which is this ring again.
  async #addressesOf(to: Contact): Promise<Multiaddr[]> {
    const peerId = peerIdFromString(to.peerId)
    const named = to.addresses.flatMap(address => parseAddress(address, to.peerId))
    if (named.length > 0) return named
    const known = (await this.#components.peerStore.has(peerId))
      ? (await this.#components.peerStore.get(peerId)).addresses
      : []
    if (known.length === 0) throw unreachable(new Error('no address is known'))
    return known.flatMap(address => parseAddress(address.multiaddr.toString(), to.peerId))
  }

  #closeIdle(): void {
    for (const [peerId, client] of this.#clients) {
      if (client.isUsable && client.idleFor < IDLE_TIMEOUT) continue
      this.#clients.delete(peerId)
      client.close()
    }
  }

  #closeSurplus(): void {
    if (this.#clients.size <= MAX_STREAMS) return
    const [longestIdle] = [...this.#clients].sort(([, a], [, b]) => b.idleFor - a.idleFor)
    if (!longestIdle) return
    this.#clients.delete(longestIdle[0])
    longestIdle[1].close()
  }
}

/** An address with the peer id at its end, or nothing when it is malformed or names another peer. */
export function parseAddress(address: string, peerId: string): Multiaddr[] {
  try {
    const parsed = multiaddr(address)
    const last = parsed.getComponents().at(-1)
    if (last?.name !== 'p2p') return [parsed.encapsulate(`/p2p/${peerId}`)]
    return last.value === peerId ? [parsed] : []
  } catch {
    // What other peers announce may be anything; an address that is none is not used.
    return []
  }
}

function unreachable(cause: unknown): PeerError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new PeerError('PEER_UNREACHABLE', `A peer of the ring cannot be reached (${reason}).`, { cause })
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
