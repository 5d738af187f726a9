import { createHash } from 'node:crypto'
import type { CatalogueEntry } from '../api.ts'
import { type Clock, sleep } from '../clock.ts'
import { PeerError } from '../errors.ts'
import type { ListedVideo } from '../gossip/catalogue-message.ts'
import type { Network } from '../node/network.ts'
import { metadataOf } from './describing.ts'
import type { Video } from './video.ts'
import type { VideoShelf } from './video-shelf.ts'

/** What a question to the ring may wait for answers at most. Milliseconds. */
const MAX_WAIT = 60_000

export interface ListingInit {
  shelf: VideoShelf
  clock: Clock
  /** The network while this peer is joined. */
  network(): Network | undefined
}

/** Shares that everybody in the ring is shown, by their owner's choice, and those that others show. */
export class Listing {
  readonly #init: ListingInit

  constructor(init: ListingInit) {
    this.#init = init
  }

  /** What this peer shows, the newest first. */
  listed(): ListedVideo[] {
    const shown = this.#init.shelf.list().filter(({ entry, isUnshared }) => {
      return entry.listed && entry.state === 'sharing' && !isUnshared
    })
    return shown.sort((a, b) => b.entry.addedAt - a.entry.addedAt).map(listedVideo)
  }

  /**
   * Shows a share to everybody in the ring, or no longer: its ID cannot be taken back from who saw it.
   * @throws PeerError NOT_SUPPORTED for a video that is not shared from here
   */
  async set(video: Video, isListed: boolean): Promise<void> {
    if (video.entry.origin !== 'shared') {
      throw new PeerError('NOT_SUPPORTED', 'Only a video that you share yourself can be listed.')
    }
    const { listed: _, ...rest } = video.entry
    video.entry = isListed ? { ...rest, listed: true } : rest
    await this.#init.shelf.update(video, {})
    this.changed()
  }

  /** What is shown may be different: the ring is told. */
  changed(): void {
    this.#init.network()?.catalogue?.changed()
  }

  /**
   * Asks the ring, and tells what is known after `wait` milliseconds.
   * @throws PeerError NOT_JOINED; the signal's reason
   */
  async catalogue(wait: number, signal: AbortSignal): Promise<CatalogueEntry[]> {
    const network = this.#init.network()
    if (!network) throw new PeerError('NOT_JOINED', 'This peer is in no network. Join one first.')
    if (wait > 0) {
      network.catalogue?.ask()
      await sleep(this.#init.clock, Math.min(wait, MAX_WAIT), signal)
    }
    const videos = network.catalogue?.list() ?? []
    return videos.map(({ poster, ...video }) => ({
      ...video,
      ...(poster ? { poster: Buffer.from(poster).toString('hex') } : {})
    }))
  }
}

function listedVideo(video: Video): ListedVideo {
  const { id, entry, content, contentKey } = video
  const poster = content && contentKey ? metadataOf(content.manifest, contentKey).poster : undefined
  return {
    id,
    name: entry.name,
    bytes: entry.bytes,
    ...(poster ? { poster: new Uint8Array(createHash('sha256').update(poster).digest()) } : {})
  }
}
