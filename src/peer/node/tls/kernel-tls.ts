import type { Socket } from 'node:net'
import { connect, TLSSocket } from 'node:tls'
import {
  type ConnectionEncrypter,
  InvalidCryptoExchangeError,
  type MessageStream,
  type PeerId,
  type SecureConnectionOptions,
  type SecuredConnection,
  type StreamMuxerFactory,
  serviceCapabilities
} from '@libp2p/interface'
import { type TLSComponents, tls } from '@libp2p/tls'
import { generateCertificate, verifyPeerCertificate } from '@libp2p/tls/utils'
import { Uint8ArrayList } from 'uint8arraylist'
import type { TcpSockets } from './tcp-sockets.ts'
import { TlsConnection } from './tls-connection.ts'

/** Milliseconds for which one certificate serves all connections; one that was made while the clock was wrong does not stay. */
const CERTIFICATE_LIFETIME = 60 * 60 * 1000

/** Said in ALPN by who cannot, or need not, agree on a muxer there. */
const NO_MUXER = 'libp2p'

/**
 * libp2p's TLS 1.3 (https://github.com/libp2p/specs/blob/master/tls/tls.md), with the same bytes on the wire as `@libp2p/tls`, but on the
 * kernel's socket instead of through a stream in JavaScript. Connections that are not in `sockets` go the way of `@libp2p/tls`
 * (docs/decisions/008-tls-on-the-kernel-socket.md).
 */
export function kernelTls(sockets: TcpSockets): (components: TLSComponents) => ConnectionEncrypter {
  return components => new KernelTls(components, sockets)
}

/** In PEM, with its private key. */
interface Certificate {
  cert: string
  key: string
}

class KernelTls implements ConnectionEncrypter {
  readonly [Symbol.toStringTag] = '@chordcast/kernel-tls'
  readonly [serviceCapabilities] = ['@libp2p/connection-encryption']
  readonly protocol: string
  readonly #components: TLSComponents
  readonly #sockets: TcpSockets
  readonly #stock: ConnectionEncrypter
  #certificate: { made: Promise<Certificate>; at: number } | undefined

  constructor(components: TLSComponents, sockets: TcpSockets) {
    this.#components = components
    this.#sockets = sockets
    this.#stock = tls()(components)
    this.protocol = this.#stock.protocol
  }

  async secureInbound(
    connection: MessageStream,
    options: SecureConnectionOptions = {}
  ): Promise<SecuredConnection> {
    const tcp = this.#take(connection)
    return tcp
      ? await this.#secure(connection, tcp, true, options)
      : await this.#stock.secureInbound(connection, options)
  }

  async secureOutbound(
    connection: MessageStream,
    options: SecureConnectionOptions = {}
  ): Promise<SecuredConnection> {
    const tcp = this.#take(connection)
    return tcp
      ? await this.#secure(connection, tcp, false, options)
      : await this.#stock.secureOutbound(connection, options)
  }

  /** The specification allows to use one for many connections; making one takes longer than all else in a handshake. */
  async #ownCertificate(): Promise<Certificate> {
    const isFresh = this.#certificate && performance.now() - this.#certificate.at < CERTIFICATE_LIFETIME
    if (!this.#certificate || !isFresh) {
      const made = generateCertificate(this.#components.privateKey)
      this.#certificate = { made, at: performance.now() }
      made.catch(() => {
        this.#certificate = undefined
      })
    }
    return await this.#certificate.made
  }

  #take(connection: MessageStream): Socket | undefined {
    // libp2p's metrics count the bytes that pass the connection, which now pass it by.
    return this.#components.metrics ? undefined : this.#sockets.take(connection)
  }

  async #secure(
    connection: MessageStream,
    tcp: Socket,
    isServer: boolean,
    options: SecureConnectionOptions
  ): Promise<SecuredConnection> {
    connection.pause()
    const certificate = await this.#ownCertificate()
    if (connection.status !== 'open')
      throw new InvalidCryptoExchangeError('The connection closed before TLS began')
    detach(connection, tcp)
    const muxers = options.skipStreamMuxerNegotiation
      ? new Map()
      : this.#components.upgrader.getStreamMuxers()
    const socket = startTls(tcp, isServer, certificate, [...muxers.keys()])
    endTogether(tcp, socket)
    const fail = (error: Error) => connection.abort(error)
    socket.on('error', fail)
    // Errors of a server's socket that no `tls.Server` made come out here only.
    socket.on('_tlsError', fail)
    try {
      await handshake(socket, connection, options.signal)
      const remotePeer = await identify(socket, connection, options.remotePeer)
      if (connection.status !== 'open')
        throw new InvalidCryptoExchangeError('The connection closed during the handshake')
      return { remotePeer, connection: new TlsConnection(connection, socket), ...chosenMuxer(socket, muxers) }
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }
}

/** Lets the connection read no more, and gives what it has read and nobody took back to its socket. */
function detach(connection: MessageStream, tcp: Socket): void {
  const unread = new Uint8ArrayList()
  const collect = ({ data }: { data: Uint8Array | Uint8ArrayList }) => unread.append(data)
  connection.addEventListener('message', collect)
  connection.resume()
  connection.pause()
  connection.removeEventListener('message', collect)
  tcp.removeAllListeners('data')
  if (unread.byteLength > 0) tcp.unshift(unread.subarray())
}

/** The options are those of `@libp2p/tls`. */
function startTls(tcp: Socket, isServer: boolean, certificate: Certificate, muxers: string[]): TLSSocket {
  const options = {
    ...certificate,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    // Certificates are signed by themselves; `identify` checks what they prove.
    rejectUnauthorized: false
  } as const
  if (!isServer) return connect({ ...options, socket: tcp, ALPNProtocols: [...muxers, NO_MUXER] })
  return new TLSSocket(tcp, {
    ...options,
    isServer,
    requestCert: true,
    ALPNCallback: ({ protocols }) => chooseMuxer(protocols, muxers)
  })
}

/**
 * Who closes the TCP connection from now on closes TLS first, so that what was written still goes out. A reset waits until the
 * stack is empty: inside of OpenSSL's callbacks, Node 24 crashes when the socket goes and TLS is touched after it.
 */
function endTogether(tcp: Socket, socket: TLSSocket): void {
  const reset = tcp.resetAndDestroy.bind(tcp)
  tcp.destroySoon = () => socket.destroySoon()
  tcp.resetAndDestroy = () => {
    setImmediate(reset)
    return tcp
  }
}

/** The client's first muxer that we have too. */
function chooseMuxer(offered: readonly string[], muxers: readonly string[]): string | undefined {
  return offered.find(name => muxers.includes(name)) ?? offered.find(name => name === NO_MUXER)
}

/** Waits until TLS is established. Errors: what closed the connection, the signal's reason. */
function handshake(socket: TLSSocket, connection: MessageStream, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      socket.off('secure', onSecure)
      socket.off('close', onEnd)
      connection.removeEventListener('close', onClose)
      signal?.removeEventListener('abort', onAbort)
      end()
    }
    // Whoever waits runs with OpenSSL off the stack.
    const onSecure = () => settle(() => setImmediate(resolve))
    const onEnd = () =>
      settle(() => reject(new InvalidCryptoExchangeError('The other side ended the handshake')))
    const onClose = ({ error }: { error?: Error }) => settle(() => reject(error))
    const onAbort = () => settle(() => reject(signal?.reason))
    socket.on('secure', onSecure)
    socket.on('close', onEnd)
    connection.addEventListener('close', onClose)
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted) onAbort()
  })
}

/** Who the other side is, by its certificate. Errors: a certificate that proves nothing, another peer than expected. */
async function identify(
  socket: TLSSocket,
  connection: MessageStream,
  expected: PeerId | undefined
): Promise<PeerId> {
  const { raw } = socket.getPeerCertificate()
  if (!raw) throw new InvalidCryptoExchangeError('The other side sent no certificate')
  return await verifyPeerCertificate(raw, expected, connection.log)
}

/** What both sides agreed on while shaking hands, if anything: then libp2p need not ask again. */
function chosenMuxer(
  { alpnProtocol }: TLSSocket,
  muxers: ReadonlyMap<string, StreamMuxerFactory>
): { streamMuxer?: StreamMuxerFactory } {
  if (!alpnProtocol || alpnProtocol === NO_MUXER) return {}
  const streamMuxer = muxers.get(alpnProtocol)
  if (!streamMuxer) throw new InvalidCryptoExchangeError('The other side chose a muxer that was not offered')
  return { streamMuxer }
}
