import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Libp2p, Stream } from '@libp2p/interface'
import { plaintext } from '@libp2p/plaintext'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { kernelTls } from '../src/peer/node/tls/kernel-tls.ts'
import { TcpSockets, tcpNoting } from '../src/peer/node/tls/tcp-sockets.ts'
import { type Answer, type Encrypter, TOTAL_BYTES } from './encrypter-protocol.ts'

const PROTOCOL = '/bench/stream/1'
const WRITE_BYTES = 256 * 1024
const WARM_UP_BYTES = 32 * 1024 * 1024

async function receive(encrypter: Encrypter): Promise<void> {
  const node = await start(encrypter)
  await node.handle(PROTOCOL, async stream => {
    await read(stream, WARM_UP_BYTES)
    stream.send(Uint8Array.of(1))
    const measure = stopwatch()
    await read(stream, TOTAL_BYTES)
    process.send?.(measure())
    stream.send(Uint8Array.of(2))
  })
  process.send?.(String(node.getMultiaddrs()[0]))
}

async function send(encrypter: Encrypter, address: string): Promise<void> {
  const node = await start(encrypter)
  const stream = await node.dialProtocol(multiaddr(address), PROTOCOL)
  await write(stream, WARM_UP_BYTES)
  await read(stream, 1)
  const measure = stopwatch()
  await write(stream, TOTAL_BYTES)
  await read(stream, 1)
  process.send?.(measure())
}

async function start(encrypter: Encrypter): Promise<Libp2p> {
  const sockets = new TcpSockets()
  const encrypters = { plaintext: plaintext(), stock: tls(), kernel: kernelTls(sockets) }
  return await createLibp2p({
    privateKey: await generateKeyPair('RSA', 2048),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [encrypter === 'kernel' ? tcpNoting(sockets, {}) : tcp()],
    connectionEncrypters: [encrypters[encrypter]],
    streamMuxers: [yamux()]
  })
}

function stopwatch(): () => Answer {
  const since = performance.now()
  const cpu = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return { seconds: (performance.now() - since) / 1000, cpu: (user + system) / 1e6 }
  }
}

async function write(stream: Stream, bytes: number): Promise<void> {
  const chunk = new Uint8Array(WRITE_BYTES)
  for (let sent = 0; sent < bytes; sent += WRITE_BYTES) if (!stream.send(chunk)) await drained(stream)
}

/** libp2p's own `onDrain()` waits only once (@libp2p/utils 7.4.1). */
function drained(stream: Stream): Promise<void> {
  return new Promise(resolve => stream.addEventListener('drain', () => resolve(), { once: true }))
}

function read(stream: Stream, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = bytes
    stream.addEventListener('message', function count({ data }) {
      missing -= data.byteLength
      if (missing > 0) return
      stream.removeEventListener('message', count)
      resolve()
    })
    stream.addEventListener('close', () => reject(new Error('The stream closed early')))
  })
}

const [role, encrypter, address] = process.argv.slice(2)
process.on('disconnect', () => process.exit())
if (role === 'receive') await receive(encrypter as Encrypter)
else await send(encrypter as Encrypter, String(address))
