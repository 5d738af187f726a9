import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type {
  ComponentLogger,
  ConnectionEncrypter,
  Listener,
  Logger,
  MessageStream,
  MultiaddrConnection,
  SecuredConnection,
  Upgrader
} from '@libp2p/interface'
import type { TCPOptions } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { kernelTls } from '../../../src/peer/node/tls/kernel-tls.ts'
import { tcpNoting } from '../../../src/peer/node/tls/tcp-sockets.ts'
import { WatchedSockets } from './tls-nodes.ts'

const ignore = Object.assign(() => undefined, {
  error: () => undefined,
  trace: () => undefined,
  enabled: false
})
const silent: Logger = Object.assign(ignore, { newScope: () => silent })
const logger: ComponentLogger = { forComponent: () => silent }

/** One end of a TLS connection without a muxer, over a real TCP connection on loopback. */
export interface End {
  secured: MessageStream
  beneath: MultiaddrConnection
  tcp: Socket
}

export interface Pair {
  client: End
  server: End
  close: () => Promise<void>
}

export interface PairOptions {
  tcp?: TCPOptions
  /** Done with the server's connection before it is secured. */
  beforeServer?: (connection: MultiaddrConnection) => Promise<void>
  /** Sees and may change what passes from client to server. */
  between?: (bytes: Buffer) => Buffer
}

/** Two ends of a TLS connection on loopback, both by the encrypter under test. */
export async function securedPair(options: PairOptions = {}): Promise<Pair> {
  const sockets = new WatchedSockets()
  const serverSide = Promise.withResolvers<End>()
  const secure = await encrypter(sockets)
  const transport = tcpNoting(sockets, options.tcp ?? {})({ logger })
  const listener = transport.createListener({
    upgrader: fakeUpgrader(async beneath => {
      await options.beforeServer?.(beneath)
      serverSide.resolve(end(await secure.secureInbound(beneath), beneath, sockets))
    })
  })
  await listener.listen(multiaddr('/ip4/127.0.0.1/tcp/0'))
  const proxy = options.between ? await proxyTo(listener, options.between) : undefined
  const address = proxy ? `/ip4/127.0.0.1/tcp/${portOf(proxy)}` : String(listener.getAddrs()[0])
  const clientSide = Promise.withResolvers<End>()
  await transport.dial(multiaddr(address), {
    signal: AbortSignal.timeout(10_000),
    upgrader: fakeUpgrader(async beneath => {
      clientSide.resolve(end(await secure.secureOutbound(beneath), beneath, sockets))
    })
  })
  const [client, server] = await Promise.all([clientSide.promise, serverSide.promise])
  const close = async () => {
    for (const { beneath } of [client, server]) beneath.abort(new Error('The test is over'))
    await listener.close()
    proxy?.close()
  }
  return { client, server, close }
}

async function encrypter(sockets: WatchedSockets): Promise<ConnectionEncrypter> {
  const privateKey = await generateKeyPair('Ed25519')
  return kernelTls(sockets)({ privateKey, logger, upgrader: fakeUpgrader(async () => undefined) })
}

function end({ connection }: SecuredConnection, beneath: MultiaddrConnection, sockets: WatchedSockets): End {
  const tcp = sockets.of(beneath)
  if (!tcp) throw new Error('The connection was not secured on its socket')
  return { secured: connection, beneath, tcp }
}

function fakeUpgrader(upgrade: (connection: MultiaddrConnection) => Promise<void>): Upgrader {
  return {
    upgradeInbound: upgrade,
    upgradeOutbound: upgrade,
    getStreamMuxers: () => new Map(),
    getConnectionEncrypters: () => new Map()
  } as unknown as Upgrader
}

async function proxyTo(listener: Listener, between: (bytes: Buffer) => Buffer): Promise<Server> {
  const target = Number(/\/tcp\/(\d+)/.exec(String(listener.getAddrs()[0]))?.[1])
  const proxy = createServer(near => {
    const far = connect(target, '127.0.0.1')
    near.on('data', bytes => far.write(between(bytes)))
    far.on('data', bytes => near.write(bytes))
    for (const [one, other] of [
      [near, far],
      [far, near]
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy())
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  return proxy
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
