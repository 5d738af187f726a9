import { CID } from 'multiformats/cid'
import type { Digest, VideoSnapshot } from '../api.ts'
import type { CancelTimer, Clock } from '../clock.ts'
import { deriveIdKeys } from '../content/id-keys.ts'
import { PeerError } from '../errors.ts'
import { EventEmitter } from '../event-emitter.ts'
import type { Keystore } from '../identity/keystore.ts'
import type { Library } from '../library/library.ts'
import type { LibraryEntry } from '../library/library-entry.ts'
import type { Logger } from '../log.ts'
import { Video } from './video.ts'

/** Snapshots of one video come no closer together than this, but for changes of state. Milliseconds. */
const SNAPSHOT_INTERVAL = 180

export interface ShelfEvents {
  video: VideoSnapshot
  videoRemoved: { digest: Digest }
}

export interface ShelfInit {
  library: Library
  keystore: Keystore
  clock: Clock
  log: Logger
}

/** What a new video comes with. */
export interface NewVideo {
  entry: LibraryEntry
  id: string
  contentKey?: Uint8Array
}

/** All videos of this peer: loads them, adds and removes them with their secrets, and tells of their changes. */
export class VideoShelf {
  readonly events: EventEmitter<ShelfEvents>
  readonly #init: ShelfInit
  readonly #videos = new Map<Digest, Video>()
  readonly #pending = new Map<Digest, CancelTimer>()
  readonly #shown = new Map<Digest, Video['state']>()

  constructor(init: ShelfInit) {
    this.#init = init
    this.events = new EventEmitter(error => init.log.error('a listener of the library failed', error))
  }

  /** Puts every entry of the library on the shelf whose ID is known. */
  async load(): Promise<void> {
    for (const entry of this.#init.library.list()) await this.#loadEntry(entry)
  }

  list(): Video[] {
    return [...this.#videos.values()]
  }

  find(digest: Digest): Video | undefined {
    return this.#videos.get(digest)
  }

  /** @throws PeerError VIDEO_UNKNOWN */
  get(digest: Digest): Video {
    const video = this.#videos.get(digest)
    if (!video) {
      throw new PeerError(
        'VIDEO_UNKNOWN',
        'That video is not in the library any more. Fetch it again by its ID.'
      )
    }
    return video
  }

  /** Keeps a new video and its secrets: durable when it resolves. */
  async add({ entry, id, contentKey }: NewVideo): Promise<Video> {
    await this.#init.keystore.setSecret(entry.digest, {
      id: CID.parse(id).bytes,
      ...(contentKey ? { contentKey } : {}),
      kept: false
    })
    await this.#init.library.put(entry)
    const video = await this.#place(entry, id, contentKey)
    this.changed(video)
    return video
  }

  /** Changes what is kept of a video. One that was removed meanwhile stays removed. */
  async update(video: Video, change: Partial<LibraryEntry>): Promise<void> {
    if (!this.#holds(video)) return
    video.entry = { ...video.entry, ...change }
    this.changed(video)
    await this.#init.library.put(video.entry)
  }

  /** Keeps the content key that was granted; never that of a video that was removed meanwhile. */
  async unlock(video: Video, contentKey: Uint8Array): Promise<void> {
    if (!this.#holds(video)) return
    video.contentKey = contentKey
    await this.#init.keystore.setSecret(video.digest, {
      id: CID.parse(video.id).bytes,
      contentKey,
      kept: false
    })
  }

  /** Destroys the secrets first, then forgets the rest. Files are the caller's business. */
  async remove(video: Video): Promise<void> {
    this.#videos.delete(video.digest)
    this.#pending.get(video.digest)?.()
    this.#pending.delete(video.digest)
    this.#shown.delete(video.digest)
    await this.#init.keystore.deleteSecret(video.digest)
    video.contentKey?.fill(0)
    await this.#init.library.delete(video.digest)
    this.events.emit('videoRemoved', { digest: video.digest })
  }

  /** Tells of a change: at once if the state changed, otherwise within the interval. */
  changed(video: Video): void {
    if (!this.#holds(video)) return
    if (this.#shown.get(video.digest) !== video.state) {
      this.#show(video)
      return
    }
    if (this.#pending.has(video.digest)) return
    this.#pending.set(
      video.digest,
      this.#init.clock.after(SNAPSHOT_INTERVAL, () => this.#show(video))
    )
  }

  #holds(video: Video): boolean {
    return this.#videos.get(video.digest) === video
  }

  #show(video: Video): void {
    this.#pending.get(video.digest)?.()
    this.#pending.delete(video.digest)
    this.#shown.set(video.digest, video.state)
    this.events.emit('video', video.snapshot())
  }

  async #loadEntry(entry: LibraryEntry): Promise<void> {
    const secret = this.#init.keystore.getSecret(entry.digest)
    if (!secret) {
      this.#init.log.warn(`the ID of ${entry.name} is lost with the old keystore; fetch or share it again`)
      return
    }
    await this.#place(entry, CID.decode(secret.id).toString(), secret.contentKey)
  }

  async #place(entry: LibraryEntry, id: string, contentKey: Uint8Array | undefined): Promise<Video> {
    const video = new Video({ entry, id, keys: deriveIdKeys(id), clock: this.#init.clock })
    video.contentKey = contentKey
    this.#videos.set(entry.digest, video)
    return video
  }
}
