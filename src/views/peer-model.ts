import type { ConnectedPeerSnapshot, Digest, PeerApi, PeerStatus, VideoSnapshot } from '../peer/api.ts'
import { EventEmitter, type Unsubscribe } from '../peer/event-emitter.ts'

interface PeerModelEvents {
  status: PeerStatus | undefined
  /** One video changed; the set of videos is the same. */
  video: VideoSnapshot
  /** Videos were added or removed, or all were read again. */
  videos: undefined
  peers: ConnectedPeerSnapshot[]
}

/** What events have told while the whole was being read: it is newer than what was read. */
interface Heard {
  status: boolean
  peers: boolean
  videos: Set<Digest>
}

/** What the peer last told: the one source that trees, status bar and players draw from. */
export class PeerModel {
  readonly events = new EventEmitter<PeerModelEvents>()
  readonly #videos = new Map<Digest, VideoSnapshot>()
  #status: PeerStatus | undefined
  #peers: ConnectedPeerSnapshot[] = []
  readonly #readings = new Set<Heard>()
  #subscriptions: Unsubscribe[] = []

  get status(): PeerStatus | undefined {
    return this.#status
  }

  get peers(): readonly ConnectedPeerSnapshot[] {
    return this.#peers
  }

  /** Newest first. */
  get videos(): VideoSnapshot[] {
    return [...this.#videos.values()].sort(
      (a, b) => b.addedAt - a.addedAt || a.digest.localeCompare(b.digest)
    )
  }

  video(digest: Digest): VideoSnapshot | undefined {
    return this.#videos.get(digest)
  }

  /** Listens to a peer and reads what it has. Resolves when the model holds the first full picture. */
  async attach(api: PeerApi): Promise<void> {
    this.detach()
    this.#subscriptions = [
      api.on('status', status => this.#followStatus(api, status)),
      api.on('video', video => this.takeVideo(video)),
      api.on('videoRemoved', ({ digest }) => this.#removeVideo(digest)),
      api.on('peers', peers => this.#takePeers(peers))
    ]
    await this.#readAll(api)
  }

  /** Forgets the peer. */
  detach(): void {
    for (const unsubscribe of this.#subscriptions) unsubscribe()
    this.#subscriptions = []
    this.#readings.clear()
    this.#videos.clear()
    this.#status = undefined
    this.#takePeers([])
    this.events.emit('videos', undefined)
    this.events.emit('status', undefined)
  }

  /** Adds or replaces a video, as when a call has answered before its event came. */
  takeVideo(video: VideoSnapshot): void {
    const known = this.#videos.has(video.digest)
    for (const heard of this.#readings) heard.videos.add(video.digest)
    this.#videos.set(video.digest, video)
    if (!known) this.events.emit('videos', undefined)
    this.events.emit('video', video)
  }

  /** Replaces the status, as when a call has answered before its event came. */
  takeStatus(status: PeerStatus): void {
    for (const heard of this.#readings) heard.status = true
    this.#status = status
    this.events.emit('status', status)
  }

  #removeVideo(digest: Digest): void {
    for (const heard of this.#readings) heard.videos.add(digest)
    if (this.#videos.delete(digest)) this.events.emit('videos', undefined)
  }

  #takePeers(peers: ConnectedPeerSnapshot[]): void {
    for (const heard of this.#readings) heard.peers = true
    this.#peers = peers
    this.events.emit('peers', peers)
  }

  #followStatus(api: PeerApi, status: PeerStatus): void {
    const cameBack = status.state === 'joined' && this.#status?.state !== 'joined'
    this.takeStatus(status)
    // The peer may have moved to another window in between: events of that moment may be missing.
    if (cameBack) this.#readAll(api).catch(() => this.events.emit('status', status))
  }

  async #readAll(api: PeerApi): Promise<void> {
    const heard: Heard = { status: false, peers: false, videos: new Set() }
    this.#readings.add(heard)
    try {
      const [status, videos, peers] = await Promise.all([api.status(), api.videos(), api.connectedPeers()])
      // Detached meanwhile: what was read belongs to a peer that is not shown any more.
      if (!this.#readings.delete(heard)) return
      this.#replaceVideos(videos, heard.videos)
      if (!heard.peers) this.#takePeers(peers)
      this.takeStatus(heard.status && this.#status !== undefined ? this.#status : status)
    } finally {
      this.#readings.delete(heard)
    }
  }

  /** Replaces all videos but those of which events have told something newer. */
  #replaceVideos(videos: readonly VideoSnapshot[], newer: ReadonlySet<Digest>): void {
    const read = new Map(videos.map(video => [video.digest, video]))
    for (const digest of this.#videos.keys()) {
      if (!read.has(digest) && !newer.has(digest)) this.#videos.delete(digest)
    }
    for (const [digest, video] of read) if (!newer.has(digest)) this.#videos.set(digest, video)
    this.events.emit('videos', undefined)
    for (const video of this.#videos.values()) this.events.emit('video', video)
  }
}
