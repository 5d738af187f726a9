import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
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

const ENCRYPTERS = ['plaintext', 'stock', 'kernel'] as const
type Encrypter = (typeof ENCRYPTERS)[number]

const PROTOCOL = '/bench/stream/1'
const WRITE_BYTES = 256 * 1024
const WARM_UP_BYTES = 32 * 1024 * 1024
const TOTAL_BYTES = 256 * 1024 * 1024
const GIB = 2 ** 30
const RUNS = 5

interface Measured {
  /** MB/s, as the receiver sees it. */
  rate: number
  /** CPU seconds of both processes for each GiB. */
  cpu: number
}

/** One libp2p stream between two processes, in writes of 256 KiB, by encrypter: interleaved, medians of five and their spread. */
async function main(json: boolean): Promise<void> {
  const results = new Map<Encrypter, Measured[]>(ENCRYPTERS.map(name => [name, []]))
  for (let run = 0; run < RUNS; run++)
    for (const [name, measured] of results) measured.push(await measure(name))
  if (json) console.log(JSON.stringify({ bench: 'stream', results: Object.fromEntries(results) }))
  else {
    for (const [name, measured] of results) console.log(row(name, measured))
    console.log(
      `kernel ÷ stock: ${ratio(results, 'rate')} of the rate, ${ratio(results, 'cpu')} of the CPU time`
    )
  }
}

async function measure(encrypter: Encrypter): Promise<Measured> {
  const receiver = fork(fileURLToPath(import.meta.url), ['receive', encrypter])
  const [address] = await once(receiver, 'message')
  const sender = fork(fileURLToPath(import.meta.url), ['send', encrypter, String(address)])
  const [received, sent] = await Promise.all([answer(receiver), answer(sender)])
  await Promise.all([receiver, sender].map(stop))
  const bytes = TOTAL_BYTES
  return { rate: bytes / 1e6 / received.seconds, cpu: ((received.cpu + sent.cpu) * GIB) / bytes }
}

interface Answer {
  seconds: number
  cpu: number
}

async function answer(child: ChildProcess): Promise<Answer> {
  const [message] = await once(child, 'message')
  return message as Answer
}

async function stop(child: ChildProcess): Promise<void> {
  child.disconnect()
  await once(child, 'exit')
}

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

function row(name: string, measured: Measured[]): string {
  const rate = spread(
    measured.map(({ rate }) => rate),
    0
  )
  const cpu = spread(
    measured.map(({ cpu }) => cpu),
    2
  )
  return `${name.padEnd(12)}${rate.padEnd(24)} MB/s    ${cpu.padEnd(22)} CPU s/GiB`
}

function ratio(results: Map<Encrypter, Measured[]>, of: keyof Measured): string {
  const median = (name: Encrypter) => medianOf((results.get(name) ?? []).map(measured => measured[of]))
  return (median('kernel') / median('stock')).toFixed(2)
}

function medianOf(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function spread(values: number[], digits: number): string {
  const [least, , median, , most] = values.toSorted((a, b) => a - b).map(value => value.toFixed(digits))
  return `${median} (${least}–${most})`
}

const [role, encrypter, address] = process.argv.slice(2)
process.on('disconnect', () => process.exit())
if (role === 'receive') await receive(encrypter as Encrypter)
else if (role === 'send') await send(encrypter as Encrypter, String(address))
else await main(process.argv.includes('--json'))
