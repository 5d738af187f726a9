import type { Caption, Digest, Poster } from '../api.ts'
import { unpackCaptions } from '../content/captions/packed-captions.ts'
import { deriveContentKeys } from '../content/content-key.ts'
import { type Manifest, verifyManifest } from '../content/manifest.ts'
import { factsOf } from '../content/media-facts.ts'
import { type Metadata, openMetadata } from '../content/metadata.ts'
import { posterType } from '../content/poster.ts'
import type { Library } from '../library/library.ts'
import type { LibraryEntry } from '../library/library-entry.ts'
import type { Video } from './video.ts'
import type { VideoShelf } from './video-shelf.ts'

export interface DescribingInit {
  shelf: VideoShelf
  library: Library
}

/** Tells what the encrypted metadata of a video hold that is too large for its library entry: read again for each question. */
export class Describing {
  readonly #init: DescribingInit

  constructor(init: DescribingInit) {
    this.#init = init
  }

  /** @throws PeerError VIDEO_UNKNOWN, MANIFEST_INVALID */
  async poster(digest: Digest): Promise<Poster | undefined> {
    const bytes = (await this.#metadata(this.#init.shelf.get(digest)))?.poster
    const mimeType = bytes && posterType(bytes)
    return mimeType ? { mimeType, base64: Buffer.from(bytes).toString('base64') } : undefined
  }

  /** @throws PeerError VIDEO_UNKNOWN, MANIFEST_INVALID */
  async captions(digest: Digest): Promise<Caption[]> {
    const metadata = await this.#metadata(this.#init.shelf.get(digest))
    return unpackCaptions(metadata?.captions ?? [])
  }

  async #metadata(video: Video): Promise<Metadata | undefined> {
    if (!video.contentKey) return undefined
    const manifest = video.content?.manifest ?? (await this.#keptManifest(video))
    return manifest && metadataOf(manifest, video.contentKey)
  }

  async #keptManifest(video: Video): Promise<Manifest | undefined> {
    const bytes = await this.#init.library.readManifest(video.digest)
    return bytes && (await verifyManifest(bytes, video.id))
  }
}

/** @throws PeerError MANIFEST_INVALID, UPGRADE_NEEDED */
export function metadataOf(manifest: Manifest, contentKey: Uint8Array): Metadata {
  const { metadataKey } = deriveContentKeys(contentKey)
  return openMetadata(metadataKey, manifest.contentId, manifest.sealedMetadata)
}

/** What of the metadata is kept in the library: all but what is large. */
export function described(
  metadata: Metadata
): Partial<LibraryEntry> & Pick<LibraryEntry, 'name' | 'mimeType'> {
  const { name, mimeType, sha256, poster, captions = [] } = metadata
  return {
    name,
    mimeType,
    ...factsOf(metadata),
    ...(sha256 ? { sha256: Buffer.from(sha256).toString('hex') } : {}),
    ...(poster && posterType(poster) ? { hasPoster: true } : {}),
    ...(captions.length > 0 ? { captions: captions.map(({ deflated: _, ...track }) => track) } : {})
  }
}
