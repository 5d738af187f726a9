import type { Manifest } from '../content/manifest.ts'
import type { Metadata } from '../content/metadata.ts'
import type { FinishedFile } from './unfinished-video.ts'

/** What a download finds out, to be kept for the next start. */
export interface DownloadFacts {
  manifest?: Manifest
  /** Concatenated leaves, verified against the manifest's root. */
  leaves?: Uint8Array
  /** 256 bits, checked against the manifest's commitment. */
  contentKey?: Uint8Array
  /** Decrypted from the manifest; comes with `contentKey`. */
  metadata?: Metadata
  /** Absolute path of the unfinished file. */
  partPath?: string
  /** The file is whole, durable and in its place. */
  finished?: FinishedFile
}
