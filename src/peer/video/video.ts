import type { Digest, DownloadState, Failure, ShareState, VideoSnapshot } from '../api.ts'
import type { Clock } from '../clock.ts'
import type { ChunkTags } from '../content/chunk-tags.ts'
import type { IdKeys } from '../content/id-keys.ts'
import type { Manifest } from '../content/manifest.ts'
import { factsOf } from '../content/media-facts.ts'
import type { ChunkStore } from '../download/chunk-store.ts'
import type { CiphertextStore } from '../download/ciphertext-store.ts'
import type { Download } from '../download/download.ts'
import type { FileChunkStore } from '../download/file-chunk-store.ts'
import { RateMeter } from '../download/rate-meter.ts'
import type { ServedVideo } from '../exchange/served-video.ts'
import type { LibraryEntry } from '../library/library-entry.ts'

/** What the owner signed: there from the start for a shared video, fetched first for the others. */
export interface VideoContent {
  manifest: Manifest
  /** Concatenated leaves, verified against the manifest's root. */
  leaves: Uint8Array
  /** Of the chunks that were sealed or verified in this run. */
  tags: ChunkTags
}

export interface VideoInit {
  entry: LibraryEntry
  id: string
  keys: IdKeys
  clock: Clock
}

/** One video of the library while the peer runs: what is kept of it, and where its chunks are now. */
export class Video {
  readonly id: string
  readonly keys: IdKeys
  /** Chunk payload sent to others. */
  readonly upload: RateMeter
  entry: LibraryEntry
  /** The 256-bit content key, once it is known. */
  contentKey: Uint8Array | undefined
  content: VideoContent | undefined
  /** The source, or the finished file of an earlier run. */
  file: FileChunkStore | undefined
  /** What is kept of a video that is watched without being saved. */
  ciphertext: CiphertextStore | undefined
  /** Present while chunks are fetched, or were until an error. */
  download: Download | undefined
  failure: Failure | undefined
  /** Peer id of whoever signed the manifest, once that is known. */
  owner: string | undefined
  /** Peer ids of whoever says in the ring that it is shared no longer, as last heard: only the owner's word counts. */
  endedBy: readonly string[] = []
  /** Monotonic time at which the ring was last told what is here. */
  announcedAt = Number.NEGATIVE_INFINITY
  /** Other peers known to hold chunks, apart from those that a running download knows. */
  knownHolders = 0

  constructor({ entry, id, keys, clock }: VideoInit) {
    this.entry = entry
    this.id = id
    this.keys = keys
    this.upload = new RateMeter(clock)
  }

  /** What can be served and played: source, unfinished or finished file, ciphertext. */
  get store(): ChunkStore | undefined {
    return this.download?.store ?? this.file ?? this.ciphertext
  }

  /** Its owner stopped sharing it. */
  get isUnshared(): boolean {
    return this.entry.unsharedAt !== undefined
  }

  get digest(): Digest {
    return this.entry.digest
  }

  get state(): ShareState | DownloadState {
    return this.download?.state ?? this.entry.state
  }

  /** As this peer serves it; undefined while nothing of it can be served. */
  served(): ServedVideo | undefined {
    const { content, store } = this
    if (!content || !store || this.file?.stale || this.isUnshared) return undefined
    return {
      proofKey: this.keys.proofKey,
      manifest: content.manifest.bytes,
      leaves: content.leaves,
      have: store.have,
      onHave: listener => store.onHave(listener),
      readSealed: (index, signal) => store.readSealed(index, signal)
    }
  }

  snapshot(): VideoSnapshot {
    const { entry, download } = this
    const failure = download?.failure ?? this.failure
    return {
      digest: entry.digest,
      id: this.id,
      name: entry.name,
      mimeType: entry.mimeType,
      bytes: entry.bytes,
      chunkSize: entry.chunkSize,
      chunks: entry.chunks,
      have: this.store?.have.size ?? (entry.state === 'complete' ? entry.chunks : 0),
      origin: entry.origin,
      state: this.state,
      policy: entry.policy,
      holders: download?.holders ?? this.knownHolders,
      downloadBytesPerSecond: download?.bytesPerSecond ?? 0,
      uploadBytesPerSecond: this.upload.bytesPerSecond,
      addedAt: entry.addedAt,
      ...optional({
        path: entry.path,
        sha256: entry.sha256,
        failure,
        unshared: this.isUnshared || undefined,
        watchOnly: entry.watchOnly,
        listed: entry.listed,
        hasPoster: entry.hasPoster,
        captions: entry.captions
      }),
      ...factsOf(entry)
    }
  }
}

/** Leaves out what is undefined: snapshots cross JSON. */
function optional<Fields extends object>(
  fields: Fields
): { [Key in keyof Fields]: NonNullable<Fields[Key]> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as { [Key in keyof Fields]: NonNullable<Fields[Key]> }
}
