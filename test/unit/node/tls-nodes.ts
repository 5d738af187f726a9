import { once } from 'node:events'
import type { Socket } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { ConnectionEncrypter, Libp2p, MessageStream, Stream } from '@libp2p/interface'
import type { TLSComponents } from '@libp2p/tls'
import { tls } from '@libp2p/tls'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { kernelTls } from '../../../src/peer/node/tls/kernel-tls.ts'
import { TcpSockets, tcpNoting } from '../../../src/peer/node/tls/tcp-sockets.ts'

const ECHO = '/test/echo/1'

/** Remembers which sockets were taken from libp2p's connections. */
export class WatchedSockets extends TcpSockets {
  readonly taken: Socket[] = []
  readonly #byConnection = new WeakMap<MessageStream, Socket>()

  override take(connection: MessageStream): Socket | undefined {
    const socket = super.take(connection)
    if (!socket) return undefined
    this.taken.push(socket)
    this.#byConnection.set(connection, socket)
    return socket
  }

  of(connection: MessageStream): Socket | undefined {
    return this.#byConnection.get(connection)
  }
}

export interface TestNode {
  node: Libp2p
  sockets: WatchedSockets
  /** Muxers that were agreed on while shaking hands. */
  earlyMuxers: (string | undefined)[]
}

export interface TestNodeOptions extends Partial<Libp2pOptions> {
  extraTransports?: NonNullable<Libp2pOptions['transports']>
}

/** A node that echoes, listening on loopback, with the encrypter under test or the one of libp2p. */
export async function startTestNode(
  encrypter: 'kernel' | 'stock',
  { extraTransports = [], ...options }: TestNodeOptions = {},
  keyType: 'Ed25519' | 'RSA' = 'Ed25519'
): Promise<TestNode> {
  const sockets = new WatchedSockets()
  const earlyMuxers: (string | undefined)[] = []
  const factory = encrypter === 'kernel' ? kernelTls(sockets) : tls()
  const node = await createLibp2p({
    privateKey: keyType === 'RSA' ? await generateKeyPair('RSA', 2048) : await generateKeyPair('Ed25519'),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcpNoting(sockets, {}), webSockets(), ...extraTransports],
    connectionEncrypters: [components => noteMuxers(factory(components as TLSComponents), earlyMuxers)],
    streamMuxers: [yamux()],
    ...options
  })
  await node.handle(ECHO, echo, { runOnLimitedConnection: true })
  return { node, sockets, earlyMuxers }
}

function noteMuxers(encrypter: ConnectionEncrypter, muxers: (string | undefined)[]): ConnectionEncrypter {
  return {
    protocol: encrypter.protocol,
    secureInbound: async (connection, options) => {
      const secured = await encrypter.secureInbound(connection, options)
      muxers.push(secured.streamMuxer?.protocol)
      return secured
    },
    secureOutbound: async (connection, options) => {
      const secured = await encrypter.secureOutbound(connection, options)
      muxers.push(secured.streamMuxer?.protocol)
      return secured
    }
  }
}

async function echo(stream: Stream): Promise<void> {
  for await (const data of stream) if (!stream.send(data)) await drained(stream)
  await stream.close()
}

/** What comes back of bytes that are sent to be echoed. */
export async function echoed(
  from: Libp2p,
  to: Libp2p | ReturnType<Libp2p['getMultiaddrs']>[0],
  bytes: Uint8Array
): Promise<Buffer> {
  const target = 'getMultiaddrs' in to ? to.getMultiaddrs() : to
  const stream = await from.dialProtocol(target, ECHO, { runOnLimitedConnection: true })
  const [answer] = await Promise.all([readAll(stream, bytes.length), writeAll(stream, bytes)])
  await stream.close()
  return answer
}

/** Reads as many bytes; fails when the stream ends before. */
export async function readAll(stream: MessageStream, length: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let missing = length
  for await (const data of stream) {
    parts.push(data.subarray())
    missing -= data.byteLength
    if (missing <= 0) break
  }
  if (missing > 0) throw new Error(`The stream ended ${missing} bytes early`)
  return Buffer.concat(parts)
}

/** Writes in pieces, waiting whenever the stream says so. */
export async function writeAll(stream: MessageStream, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += 100_000)
    if (!stream.send(bytes.subarray(at, at + 100_000))) await drained(stream)
}

/** Waits until a stream takes more; fails when it closes. libp2p's own `onDrain()` waits only once (@libp2p/utils 7.4.1). */
export function drained(stream: MessageStream): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDrain = () => {
      stream.removeEventListener('close', onClose)
      resolve()
    }
    const onClose = () => {
      stream.removeEventListener('drain', onDrain)
      reject(new Error('The stream closed'))
    }
    stream.addEventListener('drain', onDrain, { once: true })
    stream.addEventListener('close', onClose, { once: true })
  })
}

/** Waits until all sockets have closed. */
export async function closed(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(sockets.filter(socket => !socket.closed).map(socket => once(socket, 'close')))
}
