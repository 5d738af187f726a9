import type { Digest } from '../api.ts'
import type { ChunkStore } from '../download/chunk-store.ts'
import { PeerError } from '../errors.ts'
import { StoredVideo } from '../stream/stored-video.ts'
import type { StreamServer } from '../stream/stream-server.ts'
import type { Video } from './video.ts'
import type { VideoFiles } from './video-files.ts'
import type { VideoShelf } from './video-shelf.ts'

/** How long a player waits for a download to know its key. Milliseconds. */
const KEY_DEADLINE = 30_000

export interface PlayingInit {
  shelf: VideoShelf
  files: VideoFiles
  streams: StreamServer
  /** Fetches on what is only watched: it rests while nobody does. */
  resume(video: Video): Promise<void>
}

/** Gives players the URLs of videos that are here or on their way. */
export class Playing {
  readonly #init: PlayingInit

  constructor(init: PlayingInit) {
    this.#init = init
  }

  /**
   * A player is about to open: see `PeerApi.expectPlayer`.
   * @throws PeerError VIDEO_UNKNOWN, PORT_IN_USE
   */
  async expect(digest: Digest): Promise<string> {
    const video = this.#init.shelf.get(digest)
    video.download?.expectPlayer()
    return await this.#init.streams.origin()
  }

  /**
   * Waits until the first chunk could be decrypted, then gives a URL that plays the video.
   * @throws PeerError VIDEO_UNKNOWN, NOT_JOINED, TIMEOUT, FILE_CHANGED, or why the download failed
   */
  async url(digest: Digest): Promise<string> {
    const video = this.#init.shelf.get(digest)
    if (video.entry.watchOnly) await this.#init.resume(video)
    const store = await this.#store(video)
    const { name, mimeType, bytes, chunkSize, chunks } = video.entry
    return await this.#init.streams.url(
      new StoredVideo({
        digest,
        fileName: name,
        claimedType: mimeType,
        geometry: { byteLength: bytes, chunkSize, count: chunks },
        store: () => video.store ?? store,
        playhead: () => video.download?.playhead
      })
    )
  }

  async #store(video: Video): Promise<ChunkStore> {
    if (!video.store && !video.download) await this.#init.files.open(video)
    if (!video.store) await this.#keyKnown(video)
    const { store } = video
    if (store && video.failure === undefined) return store
    throw whyNotHere(video)
  }

  #keyKnown({ download }: Video): Promise<void> {
    if (!download || download.state === 'failed') return Promise.resolve()
    return new Promise(resolve => {
      const finish = (): void => {
        if (!download.store && download.state !== 'failed' && !late.aborted) return
        unsubscribe()
        resolve()
      }
      const late = AbortSignal.timeout(KEY_DEADLINE)
      late.addEventListener('abort', finish, { once: true })
      const unsubscribe = download.events.on('state', finish)
    })
  }
}

function whyNotHere({ download, failure = download?.failure, entry }: Video): PeerError {
  if (failure) return new PeerError(failure.code, failure.message)
  // Downloads begin with the network.
  if (!download && entry.state === 'transferring')
    return new PeerError('NOT_JOINED', 'The rest of this video comes once this peer is in the network.')
  return new PeerError('TIMEOUT', 'Nobody has answered for this video yet. Try again in a moment.')
}
