import { ChunkCipher } from '../content/chunk-cipher.ts'
import { ChunkTags } from '../content/chunk-tags.ts'
import { deriveContentKeys } from '../content/content-key.ts'
import { verifyManifest } from '../content/manifest.ts'
import { verifyLeaves } from '../content/merkle-tree.ts'
import type { ChunkSecrets } from '../download/chunk-store.ts'
import { FileChunkStore } from '../download/file-chunk-store.ts'
import type { SealedCache } from '../download/sealed-cache.ts'
import { type PeerError, toPeerError } from '../errors.ts'
import type { Library } from '../library/library.ts'
import type { Logger } from '../log.ts'
import type { Ciphertexts } from './ciphertexts.ts'
import type { Video, VideoContent } from './video.ts'
import type { VideoShelf } from './video-shelf.ts'

export interface VideoFilesInit {
  shelf: VideoShelf
  library: Library
  cache: SealedCache
  ciphertexts: Ciphertexts
  log: Logger
  /** A share's file is not what it was: nothing of it can be served any more. */
  onStale(video: Video): void
}

/** Opens what is on disk of the videos on the shelf: manifests, leaves, whole files. */
export class VideoFiles {
  readonly #init: VideoFilesInit

  constructor(init: VideoFilesInit) {
    this.#init = init
  }

  /** Manifest and leaves as kept, checked again; undefined when one is not there. */
  async loadContent(video: Video): Promise<VideoContent | undefined> {
    if (video.content) return video.content
    const bytes = await this.#init.library.readManifest(video.digest)
    const leaves = await this.#init.library.readLeaves(video.digest)
    if (!bytes || !leaves) return undefined
    const manifest = await verifyManifest(bytes, video.id)
    if (!verifyLeaves(leaves, manifest.count, manifest.root)) return undefined
    video.content = { manifest, leaves, tags: new ChunkTags(manifest.count) }
    video.owner = manifest.ownerPeerId
    return video.content
  }

  /**
   * Serves and plays a shared source, a finished file, or what is kept of a video that is only watched, from now on. Each read
   * looks whether it is unchanged.
   */
  async open(video: Video): Promise<void> {
    const content = await this.loadContent(video)
    if (!content || !video.contentKey) return
    const secrets = chunkSecrets(content, video.contentKey)
    if (video.entry.watchOnly) await this.#init.ciphertexts.open(video, secrets)
    else this.#openFile(video, secrets)
  }

  #openFile(video: Video, secrets: ChunkSecrets): void {
    const { path, fileIdentity } = video.entry
    if (!path || !fileIdentity) return
    const file = new FileChunkStore({
      digest: video.digest,
      path,
      identity: fileIdentity,
      secrets,
      cache: this.#init.cache,
      onStale: reason => this.#becomeStale(video, reason),
      onIdentity: identity => {
        this.#init.shelf.update(video, { fileIdentity: identity }).catch(error => this.#warn(video, error))
      }
    })
    video.file = file
  }

  /** Looks whether the file is still what was hashed: a share that is not becomes stale, one that is again is shared again. */
  async check(video: Video): Promise<void> {
    try {
      await video.file?.check()
    } catch (error) {
      this.#warn(video, error)
      return
    }
    if (video.entry.state !== 'stale' || !video.file) return
    const { stale: _stale, ...rest } = video.entry
    video.entry = rest
    video.failure = undefined
    await this.#init.shelf.update(video, { state: 'sharing' })
  }

  #becomeStale(video: Video, reason: PeerError): void {
    const { shelf, log, onStale } = this.#init
    log.warn(`${video.digest.slice(0, 8)} can no longer be served: ${reason.code}`)
    video.failure = { code: reason.code, message: reason.message }
    const change = video.entry.origin === 'shared' ? ({ state: 'stale', stale: reason.message } as const) : {}
    shelf.update(video, change).catch(error => this.#warn(video, error))
    onStale(video)
  }

  #warn(video: Video, error: unknown): void {
    this.#init.log.warn(`the file of ${video.digest.slice(0, 8)} has a problem`, toPeerError(error))
  }
}

/** What a video's chunks are made and checked with. */
export function chunkSecrets({ manifest, leaves, tags }: VideoContent, contentKey: Uint8Array): ChunkSecrets {
  const { byteLength, chunkSize, count } = manifest
  const { chunkKey } = deriveContentKeys(contentKey)
  const cipher = new ChunkCipher(chunkKey, manifest.contentId, { byteLength, chunkSize, count })
  return { cipher, leaves, tags }
}
