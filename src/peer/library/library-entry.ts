import * as v from 'valibot'
import type { CaptionTrack, Digest, DownloadState, SharePolicy, ShareState } from '../api.ts'
import { type MediaFacts, mediaFactsEntries } from '../content/media-facts.ts'
import type { FileIdentity } from '../content/source-file.ts'

/** States that survive a restart; the others (`finding`, `asking`, …) are begun again as `transferring`. */
export type LibraryState =
  | Extract<ShareState, 'sharing' | 'stale'>
  | Extract<DownloadState, 'transferring' | 'paused' | 'complete' | 'failed'>

/** What is kept of one video in `library/<digest>.json`. Holds no ID and no key: those are in the keystore. */
export interface LibraryEntry extends MediaFacts {
  digest: Digest
  origin: 'shared' | 'fetched'
  name: string
  mimeType: string
  /** 0 until the manifest is known, as are `chunkSize` and `chunks`. */
  bytes: number
  chunkSize: number
  chunks: number
  policy: SharePolicy
  state: LibraryState
  /** Absolute path of the source file, or of the finished file. */
  path?: string
  /** Absolute path of the unfinished file. */
  partPath?: string
  /** Where the finished file is to go; of a fetched video that is not complete. */
  target?: { folder: string; fileName?: string | undefined; overwrite?: boolean | undefined }
  /** It is watched without being saved: only ciphertext of it is kept, in `chunks/<digest>/`. It has no target. */
  watchOnly?: true
  /** Of the file at `path`, when its chunks were hashed. */
  fileIdentity?: FileIdentity
  /** Lower-case hex; the owner's word for the plaintext. */
  sha256?: string
  /** Milliseconds since the epoch. */
  addedAt: number
  /** Why the share is stale, as a sentence. */
  stale?: string
  /** When this peer learnt that the owner stopped sharing it, in milliseconds since the epoch. */
  unsharedAt?: number
  /** Its ID is shown to everybody in the ring. */
  listed?: true
  /** Multiaddrs of the link that this video was fetched by. */
  viaAddresses?: string[]
  /** Its metadata hold a poster. */
  hasPoster?: true
  /** Those that its metadata hold. */
  captions?: CaptionTrack[]
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const fileIdentity: v.GenericSchema<unknown, FileIdentity> = v.object({
  size: v.number(),
  mtimeMs: v.number(),
  ctimeMs: v.number(),
  ino: v.number(),
  dev: v.number()
})
const hexDigest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))

/** How an entry must look in its file. What a later version adds is kept. */
export const libraryEntrySchema: v.GenericSchema<unknown, LibraryEntry> = v.looseObject({
  digest: hexDigest,
  origin: v.picklist(['shared', 'fetched']),
  name: v.string(),
  mimeType: v.string(),
  bytes: count,
  chunkSize: count,
  chunks: count,
  policy: v.picklist(['open', 'ask', 'peers']),
  state: v.picklist(['sharing', 'stale', 'transferring', 'paused', 'complete', 'failed']),
  path: v.optional(v.string()),
  partPath: v.optional(v.string()),
  target: v.optional(
    v.object({
      folder: v.string(),
      fileName: v.optional(v.string()),
      overwrite: v.optional(v.boolean())
    })
  ),
  watchOnly: v.optional(v.literal(true)),
  fileIdentity: v.optional(fileIdentity),
  sha256: v.optional(hexDigest),
  addedAt: v.number(),
  stale: v.optional(v.string()),
  unsharedAt: v.optional(v.number()),
  listed: v.optional(v.literal(true)),
  viaAddresses: v.optional(v.pipe(v.array(v.string()), v.maxLength(16))),
  ...mediaFactsEntries,
  hasPoster: v.optional(v.literal(true)),
  captions: v.optional(v.array(v.object({ label: v.string(), language: v.optional(v.string()) })))
})
