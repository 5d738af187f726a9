import type { Digest } from '../api.ts'
import type { Clock } from '../clock.ts'
import { ChunkCipher } from '../content/chunk-cipher.ts'
import { ChunkTags } from '../content/chunk-tags.ts'
import { deriveContentKeys } from '../content/content-key.ts'
import type { Manifest } from '../content/manifest.ts'
import { type Metadata, openMetadata } from '../content/metadata.ts'
import { PeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { ChunkSecrets } from './chunk-store.ts'
import type { DownloadFacts } from './download-facts.ts'
import type { DownloadStore } from './download-store.ts'
import type { FileSystem } from './file-system.ts'
import { Playhead } from './playhead.ts'
import { Preparation } from './preparation.ts'
import type { SealedCache } from './sealed-cache.ts'
import type { Swarm } from './swarm.ts'
import type { DownloadTarget } from './target.ts'
import { type ResumeJournal, UnfinishedVideo } from './unfinished-video.ts'

/** What opening needs of the peer: a part of `DownloadComponents`. */
export interface VideoOpeningComponents {
  requestKey(manifest: Manifest, peerId: string, signal: AbortSignal): Promise<Uint8Array>
  openJournal(count: number): Promise<ResumeJournal>
  clock: Clock
  log: Logger
  cache: SealedCache
}

export interface VideoOpeningInit {
  id: string
  digest: Digest
  target: DownloadTarget | undefined
  openCiphertext: ((secrets: ChunkSecrets) => Promise<DownloadStore>) | undefined
  fs: FileSystem
  /** What is known; grows with what is learnt. */
  known: Readonly<DownloadFacts>
  /** How long holders are looked for while nothing is known, in milliseconds. */
  patienceMilliseconds: number
  /** Keeps new facts durably and adds them to `known`. */
  learn(facts: DownloadFacts): Promise<void>
  /** Manifest and leaves are known, the key is asked for. */
  onAsking: () => void
  /** Players need other chunks than before, or chunks that were here are missing again. */
  onWanted: () => void
  /** The finished file is no longer what was downloaded, or gone. */
  onStale: (reason: PeerError) => void
}

/** An opened video, and where its players are. */
export interface OpenedVideo {
  video: DownloadStore
  playhead: Playhead
}

/** From an ID to a video that chunks can be stored in: learns what is not known yet, unlocks it, opens its file. */
export class VideoOpening {
  readonly #components: VideoOpeningComponents
  readonly #init: VideoOpeningInit

  constructor(components: VideoOpeningComponents, init: VideoOpeningInit) {
    this.#components = components
    this.#init = init
  }

  /** @throws what `Preparation` and `UnfinishedVideo.open` throw; PeerError NOT_SUPPORTED; the signal's reason */
  async open(swarm: Swarm, signal: AbortSignal): Promise<OpenedVideo> {
    const { known, onAsking } = this.#init
    const preparation = this.#preparation(swarm)
    const manifest = known.manifest ?? (await this.#learnManifest(preparation, signal))
    const leaves = known.leaves ?? (await this.#learnLeaves(preparation, manifest, signal))
    if (!known.contentKey) onAsking()
    const contentKey = known.contentKey ?? (await preparation.key(manifest, signal))
    signal.throwIfAborted()
    return await this.#unlock(manifest, leaves, contentKey)
  }

  #preparation(swarm: Swarm): Preparation {
    const { clock, log, requestKey } = this.#components
    const { id, known, patienceMilliseconds } = this.#init
    return new Preparation({
      id,
      clock,
      log,
      swarm,
      // A download that once began waits for its holders for as long as it takes.
      patienceMilliseconds: known.manifest ? undefined : patienceMilliseconds,
      requestKey
    })
  }

  async #learnManifest(preparation: Preparation, signal: AbortSignal): Promise<Manifest> {
    const manifest = await preparation.manifest(signal)
    if (manifest.kind === 'list') {
      const message = 'This ID names a list of videos, which this version cannot fetch. Update Chordcast.'
      throw new PeerError('NOT_SUPPORTED', message)
    }
    await this.#init.learn({ manifest })
    return manifest
  }

  async #learnLeaves(preparation: Preparation, manifest: Manifest, signal: AbortSignal): Promise<Uint8Array> {
    const leaves = await preparation.leaves(manifest, signal)
    await this.#init.learn({ leaves })
    return leaves
  }

  async #unlock(manifest: Manifest, leaves: Uint8Array, contentKey: Uint8Array): Promise<OpenedVideo> {
    const { known, learn, onWanted } = this.#init
    const keys = deriveContentKeys(contentKey)
    const metadata = openMetadata(keys.metadataKey, manifest.contentId, manifest.sealedMetadata)
    if (!known.contentKey || !known.metadata) await learn({ contentKey, metadata })
    const { byteLength, chunkSize, count } = manifest
    const cipher = new ChunkCipher(keys.chunkKey, manifest.contentId, { byteLength, chunkSize, count })
    const video = await this.#openStore({ cipher, leaves, tags: new ChunkTags(count) }, metadata)
    const playhead = new Playhead({
      geometry: cipher.geometry,
      have: video.have,
      durationSeconds: metadata.durationSeconds,
      indexRange: metadata.indexRange,
      maxAheadBytes: video.maxAheadBytes,
      clock: this.#components.clock,
      onChange: onWanted
    })
    return { video, playhead }
  }

  async #openStore(secrets: ChunkSecrets, metadata: Metadata): Promise<DownloadStore> {
    const { openJournal, cache, log } = this.#components
    const { digest, target, openCiphertext, known, fs, learn, onWanted, onStale } = this.#init
    if (openCiphertext) return await openCiphertext(secrets)
    if (!target) throw new PeerError('INTERNAL', 'The download has no place to save to. Fetch it again.')
    return await UnfinishedVideo.open({
      digest,
      target,
      fileName: metadata.name,
      partPath: known.partPath,
      secrets,
      cache,
      fs,
      log,
      openJournal,
      keepPartPath: partPath => learn({ partPath }),
      keepFinished: finished => learn({ finished }),
      onLost: onWanted,
      onStale
    })
  }
}
