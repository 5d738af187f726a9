import type { RingSnapshot } from './chord/ring-snapshot.ts'
import type { Caption } from './content/captions/packed-captions.ts'
import type { MediaFacts } from './content/media-facts.ts'
import type { PosterType } from './content/poster.ts'
import type { PeerErrorCode } from './errors.ts'
import type { Unsubscribe } from './event-emitter.ts'
import type { GossipSnapshot } from './gossip/gossip.ts'
import type { LogLine } from './log.ts'

/** Lower-case hex of SHA-256 over the ID's bytes: names a video in this peer's books. Not secret. */
export type Digest = string

export type { Caption, GossipSnapshot, MediaFacts, RingSnapshot }

export type PeerState = 'stopped' | 'starting' | 'joined' | 'failed'

export interface Failure {
  code: PeerErrorCode
  message: string
}

export interface PeerStatus {
  state: PeerState
  /** While `starting`: the stage in words, such as "Dialling bootstrap 1 of 3". */
  stage?: string
  failure?: Failure
  /** What the user should know about this peer, in one sentence: that its identity was lost, say. */
  notice?: string
  peerId: string
  /** Multiaddrs that others can dial, each ending in `/p2p/<peer id>`. */
  addresses: string[]
  dataFolder: string
  ring?: RingSnapshot
  /** Absent while not joined, and where gossip is switched off. */
  gossip?: GossipSnapshot
  /** Chunk payload, bytes per second, averaged over the last seconds. */
  uploadBytesPerSecond: number
  downloadBytesPerSecond: number
  /** Chunk payload since this peer started, what came or went twice included. */
  sentBytes: number
  receivedBytes: number
  /** Open connections. */
  connections: number
  /** Connections since this peer listens; absent while it does not. */
  pool?: PoolSnapshot
}

/** How often connections were opened; used again by another conversation; not reached; closed as idle; closed or refused over the cap. */
export interface PoolSnapshot {
  opened: number
  reused: number
  failed: number
  swept: number
  pruned: number
}

/** Owner's side: `preparing` until hashed, `sharing`, `stale` once the source file changed. */
export type ShareState = 'preparing' | 'sharing' | 'stale'

export type DownloadState =
  | 'finding'
  | 'asking'
  | 'transferring'
  | 'paused'
  | 'verifying'
  | 'complete'
  | 'failed'

export type SharePolicy = 'open' | 'ask' | 'peers'

/** A video in the library, shared by this peer or fetched by it. */
export interface VideoSnapshot extends MediaFacts {
  digest: Digest
  /** The ID. A bearer secret: show it to the user, never log it. */
  id: string
  /** File name from the metadata; the short digest until the metadata is known. */
  name: string
  /** From the content itself; empty until the metadata is known. */
  mimeType: string
  /** 0 until the manifest is known, as are `chunks` and `chunkSize`. */
  bytes: number
  chunkSize: number
  chunks: number
  /** Chunks verified and stored here. */
  have: number
  origin: 'shared' | 'fetched'
  state: ShareState | DownloadState
  policy: SharePolicy
  /** Peers known to hold chunks, this one not counted. */
  holders: number
  downloadBytesPerSecond: number
  uploadBytesPerSecond: number
  /** SHA-256 of the plaintext in hex, as the owner wrote it into the metadata. */
  sha256?: string
  /** Source file, or finished file; absent until complete. */
  path?: string
  /**
   * It is watched without being saved: its chunks are kept as ciphertext, within the cache's quota, so `have` may shrink. It never
   * becomes complete; fetching it again without `save: false` saves it.
   */
  watchOnly?: true
  failure?: Failure
  /** Its owner stopped sharing it. What is here stays; it is not served any more. */
  unshared?: true
  /** Its ID is shown to everybody in the ring: see `PeerApi.catalogue`. */
  listed?: true
  /** Milliseconds since the epoch. */
  addedAt: number
  /** A poster came with it: see `PeerApi.poster`. */
  hasPoster?: true
  /** The tracks that came with it: see `PeerApi.captions`. */
  captions?: CaptionTrack[]
}

/** A track of captions without its text. */
export type CaptionTrack = Omit<Caption, 'vtt'>

/** A picture that stands for a video: at most 64 KiB, of a type that our own eyes saw. */
export interface Poster {
  mimeType: PosterType
  base64: string
}

/** Another peer that this one is connected to. */
export interface ConnectedPeerSnapshot {
  peerId: string
  address: string
  path: 'direct' | 'relay'
  roundTripMilliseconds?: number
  inRing: boolean
  /** What it holds of the videos in this library. */
  holds: { digest: Digest; have: number; chunks: number }[]
  downloadBytesPerSecond: number
  uploadBytesPerSecond: number
}

/** One digit a chunk, as text so that it crosses JSON cheaply: see `ChunkState`. */
export type ChunkState = 'missing' | 'available' | 'requested' | 'here'

export interface ChunkMap {
  digest: Digest
  chunks: number
  chunkSize: number
  bytes: number
  /** `chunks` characters: `0` missing and held by nobody known, `1` available, `2` requested, `3` here. */
  states: string
  /** Holders of each chunk, this peer not counted, capped at 35: one base-36 digit a chunk. */
  holders: string
  /** Index of the chunk that a player waits for now. */
  waitingFor?: number
}

/** One step of a look-up, as it happens. */
export interface LookupStep {
  hop: number
  peerId: string
  /** `answered` brought closer peers, `failed` did not answer, `owner` is responsible for the key. */
  outcome: 'answered' | 'failed' | 'owner'
  milliseconds: number
}

export interface HolderSnapshot {
  peerId: string
  addresses: string[]
  have: number
  chunks: number
}

export interface LookupOptions {
  /** Any text of the caller's: `lookupStep` events of this look-up bear it, so that hops can be shown as they happen. */
  name?: string
}

export interface LookupResult {
  digest: Digest
  steps: LookupStep[]
  holders: HolderSnapshot[]
  /** Its owner stopped sharing it. */
  unshared?: true
}

export interface ShareOptions {
  policy?: SharePolicy
  /** Make a new ID even when the same unchanged file is shared already. */
  fresh?: boolean
  /** Show its ID to everybody in the ring. Default: as it was, which is no for a new share. */
  listed?: boolean
  /** A picture that stands for the video, as base64: JPEG, PNG or WebP of at most 64 KiB. It makes no difference to which ID is resumed. */
  poster?: string
  /** Of an MP4 whose index comes last, share a copy that begins with it, made beside the file without encoding anything anew. */
  fastStart?: boolean
}

/** What can be found out of a file before it is shared. */
export interface FileInspection extends MediaFacts {
  mimeType: string
}

/** A video that somebody in the ring shows to everybody. Names and sizes are their word: only fetching proves them. */
export interface CatalogueEntry {
  id: string
  /** Safe as a file name. */
  name: string
  bytes: number
  /** Who lists it. */
  peerId: string
  /** SHA-256 of the poster, lower-case hex. */
  poster?: string
}

export interface FetchOptions {
  /** Existing folder, or a file path to write to; default: the configured download folder. */
  output?: string
  /** Replace an existing file of that name. Default: a number is added to the name. */
  overwrite?: boolean
  /** `false`: to watch only. No file is written; chunks are kept as ciphertext until the cache needs their room. Default: true. */
  save?: boolean
}

export interface VerifyResult {
  matches: boolean
  bytes: number
  sha256: string
  /** First chunk that differs, when it does not match. */
  firstBadChunk?: number
}

/** While `share` reads a file. */
export interface ShareProgress {
  path: string
  bytes: number
  bytesDone: number
}

export interface PeerEvents {
  status: PeerStatus
  /** A video was added or changed. At most four times a second for each video, and at each change of state. */
  video: VideoSnapshot
  videoRemoved: { digest: Digest }
  peers: ConnectedPeerSnapshot[]
  shareProgress: ShareProgress
  /** A hop of a look-up that was given this name. Comes before the look-up's result. */
  lookupStep: { name: string; step: LookupStep }
  log: LogLine
}

export type PeerEventName = keyof PeerEvents

/**
 * Everything that a peer offers, whether it runs in this process or behind the control socket of its data folder.
 * Each call rejects with a `PeerError`. Values are plain JSON.
 */
export interface PeerApi {
  status(): Promise<PeerStatus>
  /** Listens and joins the ring; with no bootstrap address, starts a ring of one (or meets one over mDNS). */
  join(bootstrap: readonly string[], signal?: AbortSignal): Promise<PeerStatus>
  /** Says good-bye to the ring, withdraws records, stops listening. Transfers pause. */
  leave(): Promise<void>

  /** Encrypts, hashes and announces a file. Resolves when the ID is known and announcing has begun. */
  share(path: string, options?: ShareOptions, signal?: AbortSignal): Promise<VideoSnapshot>
  /** What the headers of a file tell. */
  inspect(path: string, signal?: AbortSignal): Promise<FileInspection>
  /** Starts (or resumes) fetching; progress comes as `video` events. Resolves once it is in the library. */
  fetch(idOrLink: string, options?: FetchOptions): Promise<VideoSnapshot>
  pause(digest: Digest): Promise<void>
  resume(digest: Digest): Promise<void>
  /**
   * Withdraws the records, forgets ID and key, and tells the ring so for 30 days, from the next join on if need be. The source
   * file stays; sharing it again makes a new ID.
   */
  stopSharing(digest: Digest): Promise<void>
  /** Forgets a fetched video; deletes the finished file only with `deleteFile`, partial data always. */
  remove(digest: Digest, deleteFile?: boolean): Promise<void>

  /** Shows a share of this peer to everybody in the ring, or no longer. Who saw the ID keeps it. */
  setListed(digest: Digest, listed: boolean): Promise<void>
  /**
   * What peers of the ring show to everybody, this one included. Asks the ring and waits for answers so many milliseconds, 60,000 at
   * most; 0 tells what is known.
   */
  catalogue(wait: number, signal?: AbortSignal): Promise<CatalogueEntry[]>
  videos(): Promise<VideoSnapshot[]>
  connectedPeers(): Promise<ConnectedPeerSnapshot[]>
  chunkMap(digest: Digest): Promise<ChunkMap>
  /** Known as soon as the key is, before any chunk; undefined while it is not, and when none came with the video. */
  poster(digest: Digest): Promise<Poster | undefined>
  /** Known as soon as the key is, before any chunk; none until then. */
  captions(digest: Digest): Promise<Caption[]>
  /** `chordcast:<ID>?via=…` with at most four addresses of this peer. */
  link(digest: Digest): Promise<string>
  /** Who holds what. To see its hops meanwhile, use `followLookup`. */
  lookup(idOrLink: string, options?: LookupOptions, signal?: AbortSignal): Promise<LookupResult>
  /** Re-reads a file against its manifest, fetching the manifest from a holder if it is not here. */
  verify(path: string, idOrLink: string, signal?: AbortSignal): Promise<VerifyResult>
  /** `http://127.0.0.1:<port>/…`: plays a video that is here or still arriving. */
  streamUrl(digest: Digest): Promise<string>
  /** The origin of all stream URLs: from now on, something listens there. */
  streamOrigin(): Promise<string>
  /**
   * A player of a fetched video is about to open: what it reads first is fetched first from now on, also when the key is still awaited.
   * Returns the origin of the URL that `streamUrl` will give, so that the player's page can be made meanwhile.
   */
  expectPlayer(digest: Digest): Promise<string>
  /** The authority (`host:port`) under which a player will ask, when a proxy stands before the stream server. */
  allowStreamHost(authority: string): Promise<void>

  on<Name extends PeerEventName>(event: Name, listener: (value: PeerEvents[Name]) => void): Unsubscribe
}
