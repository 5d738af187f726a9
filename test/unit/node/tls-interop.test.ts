import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p, Metrics } from '@libp2p/interface'
import { generateKey, preSharedKey } from '@libp2p/pnet'
import { multiaddr } from '@multiformats/multiaddr'
import type { Libp2pOptions } from 'libp2p'
import { closed, echoed, startTestNode, type TestNode, type TestNodeOptions } from './tls-nodes.ts'

const MIB = 1024 * 1024
const YAMUX = '/yamux/1.0.0'

describe('TLS on the kernel socket between libp2p nodes', function () {
  this.timeout(60_000)
  const running: TestNode[] = []

  async function start(...args: Parameters<typeof startTestNode>): Promise<TestNode> {
    const node = await startTestNode(...args)
    running.push(node)
    return node
  }

  afterEach(async () => {
    const stopped = running.splice(0)
    await Promise.all(stopped.map(({ node }) => node.stop()))
    await closed(stopped.flatMap(({ sockets }) => sockets.taken))
  })

  for (const [client, server] of [
    ['kernel', 'kernel'],
    ['kernel', 'stock'],
    ['stock', 'kernel'],
    ['stock', 'stock']
  ] as const) {
    it(`echoes 8 MiB from ${client} to ${server}, the muxer agreed on in the handshake`, async () => {
      const [from, to] = [await start(client, {}, 'RSA'), await start(server, {}, 'RSA')]
      const bytes = randomBytes(8 * MIB)
      assert.ok(bytes.equals(await echoed(from.node, to.node, bytes)))
      assert.deepEqual(from.earlyMuxers, [YAMUX])
      assert.deepEqual(to.earlyMuxers, [YAMUX])
      assert.equal(from.sockets.taken.length, client === 'kernel' ? 1 : 0)
      assert.equal(to.sockets.taken.length, server === 'kernel' ? 1 : 0)
    })
  }

  it('refuses another peer than the one that was dialled', async () => {
    const [from, to, other] = [await start('kernel'), await start('kernel'), await start('kernel')]
    const address = to.node.getMultiaddrs()[0]?.decapsulate('/p2p')
    const wrong = multiaddr(`${address}/p2p/${other.node.peerId}`)
    await assert.rejects(from.node.dial(wrong), /peer/i)
    assert.equal(from.node.getConnections().length, 0)
    await closed([...from.sockets.taken, ...to.sockets.taken])
    assert.equal(to.node.getConnections().length, 0)
  })

  it('closes a connection that sends garbage instead of TLS, and serves the next', async () => {
    const to = await start('kernel')
    const socket = connect(portOf(to), '127.0.0.1')
    socket.write('\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n')
    socket.write(randomBytes(1000))
    socket.on('error', () => socket.destroy())
    await new Promise(resolve => socket.resume().on('close', resolve))
    await closed(to.sockets.taken)
    const from = await start('kernel')
    const bytes = randomBytes(1000)
    assert.ok(bytes.equals(await echoed(from.node, to.node, bytes)))
  })

  for (const [name, leave] of [
    ['before TLS begins', async (socket: Socket) => void socket.end()],
    ['in the middle of the handshake', leaveAfterHello]
  ] as const) {
    it(`gives up a client that leaves ${name}`, async () => {
      const to = await start('kernel')
      const socket = connect(portOf(to), '127.0.0.1')
      socket.on('error', () => socket.destroy())
      socket.resume().write('\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n')
      await leave(socket)
      await new Promise(resolve => socket.on('close', resolve))
      await closed(to.sockets.taken)
      assert.equal(to.node.getConnections().length, 0)
    })
  }

  it('goes the way of libp2p where metrics count the bytes of connections', async () => {
    const [from, to] = [await start('kernel', { metrics: () => countNothing }), await start('kernel')]
    const bytes = randomBytes(MIB)
    assert.ok(bytes.equals(await echoed(from.node, to.node, bytes)))
    assert.equal(from.sockets.taken.length, 0)
    assert.equal(to.sockets.taken.length, 1)
  })

  it('gives up a server that answers garbage', async () => {
    const { port, close } = await listen(socket => {
      socket.write('\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n')
      socket.write(randomBytes(1000))
    })
    const from = await start('kernel')
    await assert.rejects(from.node.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`)))
    await closed(from.sockets.taken)
    await close()
  })

  it('gives up a server that falls silent, when the signal says so', async () => {
    const { port, close } = await listen(socket => {
      socket.write('\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n')
    })
    const from = await start('kernel')
    await assert.rejects(
      from.node.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`), { signal: AbortSignal.timeout(500) })
    )
    await closed(from.sockets.taken)
    await close()
  })

  describe('leaves alone what is not a bare TCP connection:', () => {
    const key = swarmKey()

    it('a pre-shared key, the same on both sides', async () => {
      const [from, to] = [await start('kernel', protectedBy(key)), await start('kernel', protectedBy(key))]
      const bytes = randomBytes(MIB)
      assert.ok(bytes.equals(await echoed(from.node, to.node, bytes)))
      assert.deepEqual([...from.sockets.taken, ...to.sockets.taken], [])
    })

    for (const [name, options] of [
      ['another key', () => protectedBy(swarmKey())],
      ['no key', () => ({})]
    ] as const) {
      it(`who has ${name} cannot connect to who has one, in either direction`, async () => {
        const [inside, outside] = [await start('kernel', protectedBy(key)), await start('kernel', options())]
        const signal = () => ({ signal: AbortSignal.timeout(3_000) })
        await assert.rejects(outside.node.dial(inside.node.getMultiaddrs(), signal()))
        await assert.rejects(inside.node.dial(outside.node.getMultiaddrs(), signal()))
        assert.equal(inside.node.getConnections().length, 0)
        assert.equal(outside.node.getConnections().length, 0)
        assert.deepEqual(inside.sockets.taken, [])
      })
    }

    it('a WebSocket', async () => {
      const listening = { addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] } }
      const [from, to] = [await start('kernel'), await start('kernel', listening)]
      const bytes = randomBytes(MIB)
      assert.ok(bytes.equals(await echoed(from.node, to.node, bytes)))
      assert.deepEqual([...from.sockets.taken, ...to.sockets.taken], [])
    })

    it('a relayed connection', async () => {
      const services = { identify: identify(), relay: circuitRelayServer() }
      const relay = await start('kernel', { services })
      const through = `${relay.node.getMultiaddrs()[0]}/p2p-circuit`
      const [from, to] = [await start('kernel', behind()), await start('kernel', behind(through))]
      await relayed(to.node)
      const bytes = randomBytes(10_000)
      assert.ok(bytes.equals(await echoed(from.node, multiaddr(`${through}/p2p/${to.node.peerId}`), bytes)))
      assert.equal(from.node.getConnections(to.node.peerId)[0]?.encryption, '/tls/1.0.0')
      // Each has one TCP connection, to the relay.
      assert.deepEqual(
        [from, to, relay].map(({ sockets }) => sockets.taken.length),
        [1, 1, 2]
      )
    })
  })
})

/** Speaks TLS until the server has answered, then is gone. */
async function leaveAfterHello(socket: Socket): Promise<void> {
  await once(socket, 'data')
  const speaking = tlsConnect({
    socket,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['libp2p']
  })
  speaking.on('error', () => socket.destroy())
  speaking.on('secureConnect', () => socket.resetAndDestroy())
}

const nothing = () => undefined
const counter = {
  increment: nothing,
  decrement: nothing,
  update: nothing,
  observe: nothing,
  timer: () => nothing
}
const countNothing = {
  trackMultiaddrConnection: nothing,
  trackProtocolStream: nothing,
  registerMetric: () => counter,
  registerMetricGroup: () => counter,
  registerCounter: () => counter,
  registerCounterGroup: () => counter,
  registerHistogram: () => counter,
  registerHistogramGroup: () => counter,
  registerSummary: () => counter,
  registerSummaryGroup: () => counter,
  traceFunction: (_name: string, traced: unknown) => traced,
  createTrace: nothing
} as unknown as Metrics

function swarmKey(): Uint8Array {
  const key = new Uint8Array(95)
  generateKey(key)
  return key
}

function protectedBy(psk: Uint8Array): Partial<Libp2pOptions> {
  return { connectionProtector: preSharedKey({ psk }) }
}

/** A node that may be reached through a relay too. */
function behind(...relays: string[]): TestNodeOptions {
  return {
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0', ...relays] },
    extraTransports: [circuitRelayTransport()],
    services: { identify: identify() }
  }
}

/** Waits until a relay has agreed to carry traffic for the node. */
async function relayed(node: Libp2p): Promise<void> {
  while (!node.getMultiaddrs().some(address => String(address).includes('p2p-circuit')))
    await once(node, 'self:peer:update')
}

/** A TCP server on loopback. */
async function listen(
  onSocket: (socket: Socket) => void
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    onSocket(socket.resume())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const close = async () => {
    server.close()
    await once(server, 'close')
  }
  return { port: (server.address() as AddressInfo).port, close }
}

function portOf({ node }: TestNode): number {
  return Number(/\/tcp\/(\d+)/.exec(String(node.getMultiaddrs()[0]))?.[1])
}
