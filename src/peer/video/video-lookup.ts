import type { LookupResult, LookupStep } from '../api.ts'
import type { Clock } from '../clock.ts'
import { digestOf } from '../content/content-id.ts'
import { deriveIdKeys } from '../content/id-keys.ts'
import { parseIdOrLink } from '../content/link.ts'
import type { ChunkSecrets } from '../download/chunk-store.ts'
import type { Presence } from '../node/presence.ts'
import { learnContent } from './learn-content.ts'
import { isEnded } from './unsharing.ts'
import { Video } from './video.ts'
import { chunkSecrets, type VideoFiles } from './video-files.ts'
import type { VideoShelf } from './video-shelf.ts'

export interface VideoLookupInit {
  shelf: VideoShelf
  files: VideoFiles
  presence: Presence
  clock: Clock
}

/** Answers questions about videos, in the library or not, without keeping anything. */
export class VideoLookup {
  readonly #init: VideoLookupInit

  constructor(init: VideoLookupInit) {
    this.#init = init
  }

  /**
   * Who holds a video, and by which hops that was found. `onStep` is told each hop as it happens.
   * @throws PeerError ID_INVALID, LINK_INVALID, NOT_JOINED
   */
  async lookup(
    idOrLink: string,
    onStep: (step: LookupStep) => void,
    signal: AbortSignal
  ): Promise<LookupResult> {
    const video = await this.#describe(idOrLink)
    const network = this.#init.presence.requireNetwork()
    const steps = await network.lookup(video, onStep, signal)
    const records = await network.records(video, signal)
    const { holders } = records
    const found = { digest: video.digest, steps, holders }
    return isEnded(video.owner, records) ? { ...found, unshared: true } : found
  }

  /**
   * What a file is checked against: from the library, or from a holder.
   * @throws PeerError ID_INVALID, LINK_INVALID, NOT_JOINED, NO_HOLDERS
   */
  async secrets(idOrLink: string, signal: AbortSignal): Promise<ChunkSecrets> {
    const video = await this.#describe(idOrLink)
    const content = await this.#init.files.loadContent(video)
    if (content && video.contentKey) return chunkSecrets(content, video.contentKey)
    return await learnContent(video, this.#init.presence.requireNetwork(), signal)
  }

  async #describe(idOrLink: string): Promise<Video> {
    const { shelf, clock } = this.#init
    const { id, addresses } = parseIdOrLink(idOrLink)
    const digest = digestOf(id)
    const known = shelf.find(digest)
    if (known) return known
    const nothing = { bytes: 0, chunkSize: 0, chunks: 0, addedAt: 0 }
    return new Video({
      id,
      keys: deriveIdKeys(id),
      clock,
      entry: {
        ...nothing,
        digest,
        origin: 'fetched',
        name: digest.slice(0, 8),
        mimeType: '',
        policy: 'open',
        state: 'transferring',
        viaAddresses: addresses
      }
    })
  }
}
