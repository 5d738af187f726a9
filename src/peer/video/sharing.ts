import { realpath } from 'node:fs/promises'
import type { ShareOptions, ShareProgress } from '../api.ts'
import type { Clock } from '../clock.ts'
import { digestOf } from '../content/content-id.ts'
import { createContentKey, deriveContentKeys } from '../content/content-key.ts'
import { CONTENT_ID_LENGTH, createManifest, type Manifest } from '../content/manifest.ts'
import { type Metadata, sealMetadata } from '../content/metadata.ts'
import { type SealedFile, sealFile } from '../content/seal-file.ts'
import { identifyFile } from '../content/source-file.ts'
import { PeerError, systemErrorCode } from '../errors.ts'
import type { Library } from '../library/library.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import type { Signer } from '../wire/signature.ts'
import { describeSource } from './describe-source.ts'
import { described } from './describing.ts'
import type { Video } from './video.ts'
import type { VideoShelf } from './video-shelf.ts'

export interface SharingInit {
  shelf: VideoShelf
  library: Library
  owner: Signer
  clock: Clock
  random: Random
  log: Logger
  onProgress(progress: ShareProgress): void
}

/** A file that was read, encrypted chunk by chunk and described; nothing of it is kept yet. */
interface Prepared {
  manifest: Manifest
  sealed: SealedFile
  contentKey: Uint8Array
  metadata: Metadata
}

/** Turns files into shares. */
export class Sharing {
  readonly #init: SharingInit
  /** By path: who asks for the same file meanwhile gets the same share. */
  readonly #sharing = new Map<string, Promise<Video>>()

  constructor(init: SharingInit) {
    this.#init = init
  }

  /**
   * Encrypts, hashes and describes a file, and keeps it in the library. The same unchanged file under the same policy is
   * the same share, unless `fresh`.
   * @throws PeerError NOT_SUPPORTED, FILE_*, ABORTED
   */
  async share(path: string, options: ShareOptions, signal: AbortSignal): Promise<Video> {
    const policy = options.policy ?? 'open'
    if (policy !== 'open') {
      throw new PeerError('NOT_SUPPORTED', 'Only the policy "open" exists yet: whoever has the ID can watch.')
    }
    const source = await resolveSource(path)
    const underWay = this.#sharing.get(source)
    if (underWay && !options.fresh) return await underWay
    const sharing = this.#share(source, options, signal)
    this.#sharing.set(source, sharing)
    try {
      return await sharing
    } finally {
      if (this.#sharing.get(source) === sharing) this.#sharing.delete(source)
    }
  }

  async #share(source: string, options: ShareOptions, signal: AbortSignal): Promise<Video> {
    const known = options.fresh ? undefined : await this.#findShared(source)
    return known ?? (await this.#keep(source, await this.#prepare(source, options, signal)))
  }

  async #findShared(source: string): Promise<Video | undefined> {
    const entry = this.#init.library.findBySource(source, await identifyFile(source), 'open')
    return entry && this.#init.shelf.find(entry.digest)
  }

  async #prepare(source: string, { poster }: ShareOptions, signal: AbortSignal): Promise<Prepared> {
    const { random, owner, log } = this.#init
    const contentKey = createContentKey(random)
    const keys = deriveContentKeys(contentKey)
    const contentId = random.bytes(CONTENT_ID_LENGTH)
    const [description, sealed] = await Promise.all([
      describeSource(source, { poster, log, signal }),
      sealFile(
        source,
        { chunkKey: keys.chunkKey, contentId },
        {
          signal,
          onProgress: (bytesDone, bytes) => this.#init.onProgress({ path: source, bytes, bytesDone })
        }
      )
    ])
    const metadata = { ...description, sha256: sealed.sha256 }
    const manifest = await createManifest(
      {
        contentId,
        commitment: keys.commitment,
        granters: 'holders',
        sealedMetadata: sealMetadata(keys.metadataKey, contentId, metadata, random),
        file: { byteLength: sealed.geometry.byteLength, root: sealed.root }
      },
      owner
    )
    return { manifest, sealed, contentKey, metadata }
  }

  async #keep(source: string, { manifest, sealed, contentKey, metadata }: Prepared): Promise<Video> {
    const { library, shelf, clock, log } = this.#init
    const digest = digestOf(manifest.id)
    await library.writeManifest(digest, manifest.bytes)
    await library.writeLeaves(digest, sealed.leaves)
    const video = await shelf.add({
      id: manifest.id,
      contentKey,
      entry: {
        digest,
        origin: 'shared',
        ...described(metadata),
        bytes: manifest.byteLength,
        chunkSize: manifest.chunkSize,
        chunks: manifest.count,
        policy: 'open',
        state: 'sharing',
        path: source,
        fileIdentity: sealed.identity,
        addedAt: clock.now()
      }
    })
    video.content = { manifest, leaves: sealed.leaves, tags: sealed.tags }
    log.info(`shared ${digest.slice(0, 8)}: ${manifest.count} chunks, ${manifest.byteLength} bytes`)
    return video
  }
}

async function resolveSource(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (cause) {
    const code = systemErrorCode(cause)
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new PeerError('FILE_MISSING', `There is no file at ${path}. Check the path.`, { cause })
    }
    throw new PeerError('FILE_UNREADABLE', `${path} cannot be read. Check its permissions.`, { cause })
  }
}
