import type {
  Caption,
  CatalogueEntry,
  ChunkMap,
  ConnectedPeerSnapshot,
  FileInspection,
  LookupOptions,
  LookupResult,
  PeerApi,
  PeerEvents,
  PeerStatus,
  Poster,
  VerifyResult,
  VideoSnapshot
} from '../../../src/peer/api.ts'
import type { CloseOptions, RunningPeer } from '../../../src/peer/control/peer-factory.ts'
import { EventEmitter } from '../../../src/peer/event-emitter.ts'

export const DIGEST = 'ab'.repeat(32)

export const VIDEO: VideoSnapshot = {
  digest: DIGEST,
  id: 'bafyfake',
  name: 'démo 🎬.webm',
  mimeType: 'video/webm',
  bytes: 3,
  chunkSize: 262_144,
  chunks: 1,
  have: 1,
  origin: 'shared',
  state: 'sharing',
  policy: 'open',
  holders: 0,
  downloadBytesPerSecond: 0,
  uploadBytesPerSecond: 0,
  addedAt: 1
}

/** A peer that remembers how it was called, and answers what the test wants. */
export class FakePeer implements RunningPeer {
  readonly calls: [method: string, ...values: unknown[]][] = []
  readonly events = new EventEmitter<PeerEvents>()
  /** Replaces the answer of one method. */
  answers: Partial<PeerApi> = {}
  state: PeerStatus['state'] = 'stopped'
  closed = false
  /** Whether it was closed for an heir. */
  hurried: boolean | undefined
  readonly #peerId: string

  constructor(peerId = 'QmFake') {
    this.#peerId = peerId
  }

  async status(): Promise<PeerStatus> {
    this.#note('status')
    return this.answers.status ? await this.answers.status() : this.#status()
  }

  async join(bootstrap: readonly string[], signal?: AbortSignal): Promise<PeerStatus> {
    this.#note('join', bootstrap)
    if (this.answers.join) return await this.answers.join(bootstrap, signal)
    this.state = 'joined'
    const status = this.#status()
    this.events.emit('status', status)
    return status
  }

  async leave(): Promise<void> {
    this.#note('leave')
    this.state = 'stopped'
  }

  async share(...values: Parameters<PeerApi['share']>): Promise<VideoSnapshot> {
    this.#note('share', ...values.slice(0, 2))
    return this.answers.share ? await this.answers.share(...values) : VIDEO
  }

  async fetch(...values: Parameters<PeerApi['fetch']>): Promise<VideoSnapshot> {
    this.#note('fetch', ...values)
    return VIDEO
  }

  async pause(digest: string): Promise<void> {
    this.#note('pause', digest)
    await this.answers.pause?.(digest)
  }

  async resume(digest: string): Promise<void> {
    this.#note('resume', digest)
  }

  async stopSharing(digest: string): Promise<void> {
    this.#note('stopSharing', digest)
  }

  async remove(...values: Parameters<PeerApi['remove']>): Promise<void> {
    this.#note('remove', ...values)
  }

  async setListed(digest: string, listed: boolean): Promise<void> {
    this.#note('setListed', digest, listed)
  }

  async catalogue(wait: number): Promise<CatalogueEntry[]> {
    this.#note('catalogue', wait)
    return [{ id: 'bafyfake', name: 'demo.webm', bytes: 3, peerId: 'QmFake' }]
  }

  async videos(): Promise<VideoSnapshot[]> {
    this.#note('videos')
    return this.answers.videos ? await this.answers.videos() : [VIDEO]
  }

  async connectedPeers(): Promise<ConnectedPeerSnapshot[]> {
    this.#note('connectedPeers')
    return []
  }

  async chunkMap(digest: string): Promise<ChunkMap> {
    this.#note('chunkMap', digest)
    return { digest, chunks: 1, chunkSize: 262_144, bytes: 3, states: '3', holders: '0' }
  }

  async inspect(path: string): Promise<FileInspection> {
    this.#note('inspect', path)
    return { mimeType: 'video/mp4', width: 1, height: 2, indexAtEnd: true }
  }

  async poster(digest: string): Promise<Poster | undefined> {
    this.#note('poster', digest)
    return { mimeType: 'image/png', base64: 'iVBORw0KGgo=' }
  }

  async captions(digest: string): Promise<Caption[]> {
    this.#note('captions', digest)
    return [{ label: 'Deutsch', language: 'de', vtt: 'WEBVTT\n\n00:00.000 --> 00:01.000\nHallo\n' }]
  }

  async link(digest: string): Promise<string> {
    this.#note('link', digest)
    return 'chordcast:bafyfake'
  }

  async lookup(idOrLink: string, options?: LookupOptions, signal?: AbortSignal): Promise<LookupResult> {
    this.#note('lookup', idOrLink, options)
    if (this.answers.lookup) return await this.answers.lookup(idOrLink, options, signal)
    return { digest: DIGEST, steps: [], holders: [] }
  }

  async verify(path: string, idOrLink: string): Promise<VerifyResult> {
    this.#note('verify', path, idOrLink)
    return { matches: true, bytes: 3, sha256: DIGEST }
  }

  async streamOrigin(): Promise<string> {
    this.#note('streamOrigin')
    return 'http://127.0.0.1:1'
  }

  async expectPlayer(digest: string): Promise<string> {
    this.#note('expectPlayer', digest)
    return 'http://127.0.0.1:1'
  }

  async streamUrl(digest: string): Promise<string> {
    this.#note('streamUrl', digest)
    return this.answers.streamUrl ? await this.answers.streamUrl(digest) : 'http://127.0.0.1:1/x'
  }

  async allowStreamHost(authority: string): Promise<void> {
    this.#note('allowStreamHost', authority)
  }

  on: PeerApi['on'] = (event, listener) => this.events.on(event, listener)

  async close({ hurry }: CloseOptions = { hurry: false }): Promise<void> {
    this.closed = true
    this.hurried = hurry
  }

  #note(method: string, ...values: unknown[]): void {
    this.calls.push([method, ...values])
  }

  #status(): PeerStatus {
    return {
      state: this.state,
      peerId: this.#peerId,
      addresses: [],
      dataFolder: '/data',
      uploadBytesPerSecond: 0,
      downloadBytesPerSecond: 0,
      sentBytes: 0,
      receivedBytes: 0,
      connections: 0
    }
  }
}
