import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import {
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type MessageStream,
  type MultiaddrConnection,
  serviceCapabilities,
  type Transport,
  transportSymbol,
  type Upgrader,
  type UpgraderOptions
} from '@libp2p/interface'
import { type TCPComponents, type TCPOptions, tcp } from '@libp2p/tcp'
import type { Multiaddr } from '@multiformats/multiaddr'

/**
 * The kernel sockets beneath connections of the TCP transport. What libp2p wraps around such a connection (a pre-shared key) and
 * what other transports make (WebSocket, relay) is another object, so it is not found here.
 */
export class TcpSockets {
  readonly #sockets = new WeakMap<MessageStream, Socket>()

  /** Notes a connection as the TCP transport hands it to be upgraded, if it has the one socket we expect. */
  note(connection: MessageStream): void {
    // @libp2p/tcp offers no other way; TypeScript's `private` is an ordinary property when the program runs.
    const socket: unknown = Reflect.get(connection, 'socket')
    if (!(socket instanceof Socket) || socket instanceof TLSSocket) return
    this.#sockets.set(connection, socket)
  }

  /** The socket, if the connection does nothing else with it now than read; it can be taken once. */
  take(connection: MessageStream): Socket | undefined {
    const socket = this.#sockets.get(connection)
    if (!socket || !isIdle(connection, socket)) return undefined
    this.#sockets.delete(connection)
    return socket
  }
}

function isIdle(connection: MessageStream, socket: Socket): boolean {
  return (
    connection.status === 'open' &&
    connection.writeBufferLength === 0 &&
    !socket.destroyed &&
    socket.listenerCount('data') === 1
  )
}

/** `tcp()` of `@libp2p/tcp`, whose connections are noted in `sockets` before they are upgraded. */
export function tcpNoting(sockets: TcpSockets, init: TCPOptions): (components: TCPComponents) => Transport {
  return components => new NotingTransport(tcp(init)(components), sockets)
}

class NotingTransport implements Transport {
  readonly [transportSymbol] = true
  readonly [Symbol.toStringTag] = '@libp2p/tcp'
  readonly [serviceCapabilities] = ['@libp2p/transport']
  readonly #tcp: Transport
  readonly #sockets: TcpSockets

  constructor(transport: Transport, sockets: TcpSockets) {
    this.#tcp = transport
    this.#sockets = sockets
  }

  dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    return this.#tcp.dial(address, { ...options, upgrader: this.#noting(options.upgrader) })
  }

  createListener(options: CreateListenerOptions): Listener {
    return this.#tcp.createListener({ ...options, upgrader: this.#noting(options.upgrader) })
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.#tcp.listenFilter(addresses)
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.#tcp.dialFilter(addresses)
  }

  #noting(upgrader: Upgrader): Upgrader {
    const noted = (connection: MultiaddrConnection): MultiaddrConnection => {
      this.#sockets.note(connection)
      return connection
    }
    return {
      upgradeInbound: (connection: MultiaddrConnection, options: UpgraderOptions) =>
        upgrader.upgradeInbound(noted(connection), options),
      upgradeOutbound: (connection: MultiaddrConnection, options: UpgraderOptions) =>
        upgrader.upgradeOutbound(noted(connection), options),
      createInboundAbortSignal: signal => upgrader.createInboundAbortSignal(signal),
      getConnectionEncrypters: () => upgrader.getConnectionEncrypters(),
      getStreamMuxers: () => upgrader.getStreamMuxers()
    }
  }
}
