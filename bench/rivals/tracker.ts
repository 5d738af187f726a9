import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bencode } from './torrent-file.ts'

interface TrackedPeer {
  port: number
  seeds: boolean
}

/** Seconds after which a peer may ask again. */
const INTERVAL = 600

/** Milliseconds in which a seeder must have announced itself. */
const SEEDED_DEADLINE = 20_000

/** A tracker on loopback for one torrent, for a client that has no other way to learn of a peer (BEP 3, BEP 23). */
export class Tracker {
  readonly #peers = new Map<string, TrackedPeer>()
  readonly #server = createServer((request, response) => response.end(this.#answer(request)))

  static async start(): Promise<Tracker> {
    const tracker = new Tracker()
    tracker.#server.listen(0, '127.0.0.1')
    await once(tracker.#server, 'listening')
    return tracker
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/announce`
  }

  /** Resolves once a peer that has everything has told so. */
  async seeded(): Promise<void> {
    const signal = AbortSignal.timeout(SEEDED_DEADLINE)
    while (![...this.#peers.values()].some(({ seeds }) => seeds))
      await once(this.#server, 'request', { signal })
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #answer({ url = '' }: IncomingMessage): Buffer {
    const query = new URL(url, 'http://tracker').searchParams
    // Bytes that are not UTF-8 cannot be told apart once decoded, so the id stays as it was written.
    const id = /[?&]peer_id=([^&]*)/.exec(url)?.[1] ?? ''
    if (query.get('event') === 'stopped') this.#peers.delete(id)
    else this.#peers.set(id, { port: Number(query.get('port')), seeds: query.get('left') === '0' })
    // Who hears of itself takes itself for another seeder: some clients know peers by their address only.
    const others = [...this.#peers].filter(([known]) => known !== id).map(([, peer]) => peer)
    const complete = others.filter(({ seeds }) => seeds).length
    const peers = Buffer.from(others.flatMap(({ port }) => [127, 0, 0, 1, port >> 8, port & 255]))
    return bencode({ complete, incomplete: others.length - complete, interval: INTERVAL, peers })
  }
}
