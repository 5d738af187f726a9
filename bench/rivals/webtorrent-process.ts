import { readFile } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { Role } from './role.ts'

interface Task {
  role: 'seed' | 'fetch' | 'stream'
  /** Folder of the package. */
  package: string
  torrent: string
  folder: string
  uploadLimit?: number
}

/** As much of WebTorrent as is used here. */
interface Torrent {
  uploaded: number
  /** Payload, checked or not. */
  received: number
  done: boolean
  /** From 0 to 1. */
  progress: number
  files: { createReadStream(range: { start: number }): Readable }[]
  once(event: string, listener: () => void): void
  addPeer(address: string): void
}

interface Client {
  listening: boolean
  torrentPort: number
  on(event: 'error', listener: (error: Error) => void): void
  once(event: string, listener: () => void): void
  add(torrent: Uint8Array, options: object): Torrent
}

const RTC_NAMES = [
  'RTCPeerConnection',
  'RTCSessionDescription',
  'RTCIceCandidate',
  'RTCIceTransport',
  'RTCDataChannel',
  'MediaStream',
  'RTCDataChannelEvent'
]

// WebTorrent imports a binding to WebRTC whose native part only an install script would fetch. TCP needs none of it.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'webrtc-polyfill') return next(specifier, context)
    const source = `const none = null; export default {}; export { ${RTC_NAMES.map(name => `none as ${name}`).join()} }`
    return { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true }
  }
})

const role = new Role<Task>()
const { task } = role

async function openClient(): Promise<Client> {
  const { default: WebTorrent } = (await import(pathToFileURL(join(task.package, 'index.js')).href)) as {
    default: new (options: object) => Client
  }
  const discovery = { dht: false, lsd: false, tracker: false, natUpnp: false, natPmp: false, utPex: false }
  const limit = task.uploadLimit ? { uploadLimit: task.uploadLimit } : {}
  const client = new WebTorrent({ ...discovery, webSeeds: false, utp: false, secure: 0, ...limit })
  client.on('error', error => role.say('error', { message: String(error.stack ?? error) }))
  if (!client.listening) await new Promise<void>(resolve => client.once('listening', resolve))
  return client
}

async function seed(client: Client, torrentFile: Uint8Array): Promise<void> {
  const torrent = client.add(torrentFile, { path: task.folder, skipVerify: true, announce: [] })
  await new Promise<void>(resolve => torrent.once('ready', resolve))
  if (!torrent.done) await new Promise<void>(resolve => torrent.once('done', resolve))
  role.say('ready', { port: client.torrentPort, torrent: task.torrent })
  for (;;) {
    await role.next()
    role.say('sent', { bytes: torrent.uploaded })
  }
}

async function fetchFile(client: Client, torrentFile: Uint8Array): Promise<void> {
  const torrent = await addWhenTold(client, torrentFile)
  await new Promise<void>(resolve => torrent.once('done', resolve))
  role.say('done', { received: torrent.received })
  await role.next()
}

async function stream(client: Client, torrentFile: Uint8Array): Promise<void> {
  const torrent = await addWhenTold(client, torrentFile)
  await new Promise<void>(resolve => torrent.once('ready', resolve))
  let playing: Readable | undefined
  for (;;) {
    const { place, bytes } = await role.next<{ place: number; bytes: number }>()
    playing?.destroy()
    playing = torrent.files[0]?.createReadStream({ start: place })
    // Given up at the next place.
    playing?.on('error', () => undefined)
    await arrived(playing, bytes)
    role.say('arrived', { progress: torrent.progress })
  }
}

/** Resolves when so much is here; whatever comes after that is read on. */
function arrived(stream: Readable | undefined, bytes: number): Promise<void> {
  let missing = bytes
  return new Promise(resolve => {
    stream?.on('data', (block: Uint8Array) => {
      missing -= block.length
      if (missing <= 0) resolve()
    })
  })
}

async function addWhenTold(client: Client, torrentFile: Uint8Array): Promise<Torrent> {
  role.say('ready', { port: client.torrentPort })
  const { ports } = await role.next<{ ports: number[] }>()
  const torrent = client.add(torrentFile, { path: task.folder, announce: [] })
  torrent.once('infoHash', () => {
    for (const port of ports) torrent.addPeer(`127.0.0.1:${port}`)
  })
  return torrent
}

const client = await openClient()
const torrentFile = await readFile(task.torrent)
await { seed, fetch: fetchFile, stream }[task.role](client, torrentFile)
