import type { PlayerKind } from './media-type.ts'

/** The video as the player shows it. */
export interface PlayerVideo {
  digest: string
  name: string
  mimeType: string
  kind: PlayerKind
  bytes: number
  chunkSize: number
  chunks: number
  /** Chunks that are here. */
  have: number
  origin: 'shared' | 'fetched'
  /** State of the share or of the download, in the engine's words. */
  state: string
  /** Every chunk is here. */
  complete: boolean
  /** Peers known to hold chunks, this one not counted. */
  holders: number
  downloadBytesPerSecond: number
  uploadBytesPerSecond: number
  /** Why it failed: one sentence with the next step. */
  failure?: string
  durationSeconds?: number
  /** Pixels. */
  width?: number
  height?: number
  /** Frames a second. */
  frameRate?: number
  /** As in the `codecs` parameter of RFC 6381, picture first. */
  codecs?: string
  /** It is not saved: nothing of it stays in plain text on the disk. */
  watchOnly?: true
}

/** A track of captions that came with the video. */
export interface PlayerCaption {
  label: string
  /** BCP 47 tag. */
  language?: string
  /** The track as WebVTT. */
  vtt: string
}

/** Which parts are here, coming or to be had: see `ChunkMap` of the peer's API. */
export interface PlayerChunks {
  states: string
  holders: string
  /** Chunk that the stream waits for now. */
  waitingFor?: number
}

/** A peer that holds chunks of this video. */
export interface PlayerPeer {
  /** The end of its id. */
  name: string
  address: string
  path: 'direct' | 'relay'
  have: number
  chunks: number
  downloadBytesPerSecond: number
  roundTripMilliseconds?: number
}

/** What is kept from one player to the next. */
export interface PlayerPreferences {
  /** 0 to 1. */
  volume: number
  muted: boolean
  /** Playback rate, 1 is normal. */
  rate: number
  /** Captions are shown where a video has them. */
  captions: boolean
}

/** Everything a player needs to draw itself. */
export interface PlayerState {
  video: PlayerVideo
  chunks: PlayerChunks
  peers: PlayerPeer[]
  /** Address of the stream, as this webview can reach it. */
  url: string
  /** State of the peer itself. */
  network: NetworkState
  preferences: PlayerPreferences
  /** A picture to show before the first frame, as a data URL. */
  poster?: string
  captions: PlayerCaption[]
  /** Seconds: where it was left, in this window or another; absent at the start. */
  resumeAt?: number
}

/** State of the peer: the same words as the context key `chordcast.state`. */
export type NetworkState = 'stopped' | 'starting' | 'joined' | 'failed'

/** What the webview may ask of the host, with the answers. No request carries parameters. */
export interface PlayerRequests {
  /** The address of the stream again: the peer that served it may have moved to another window. */
  source: { url: string }
  pause: null
  resume: null
  join: null
  copyId: null
  copyLink: null
  /** Continues at the position that was told last. */
  openInBrowser: null
  openFolder: null
  /** Makes a file of a video that is only watched. */
  saveVideo: null
  /** Writes a copy to where the user says. */
  saveAs: null
  /** Gives the editor the whole window, or takes it back: for editors that forbid full screen. */
  maximize: null
}

export type PlayerRequestName = keyof PlayerRequests

/** The requests, for checking what came in. */
export const playerRequestNames = [
  'source',
  'pause',
  'resume',
  'join',
  'copyId',
  'copyLink',
  'openInBrowser',
  'openFolder',
  'saveVideo',
  'saveAs',
  'maximize'
] as const satisfies readonly PlayerRequestName[]

/** What the webview tells without waiting for an answer. */
export interface PlayerNotices {
  /** The page is there: `begin` or `awaited` is to follow. */
  ready: null
  preferences: PlayerPreferences
  /** Where it stands, now and then and at each pause; 0 once it was seen to its end. */
  position: { seconds: number }
  /** It began to play, or went on: every other player falls silent. */
  playing: null
  /** Something that could not be played or drawn, for the log. */
  problem: { message: string }
}

/** What the host tells the webview. */
export interface PlayerUpdates {
  begin: PlayerState
  /** There is nothing to show yet, and why: a sentence. */
  awaited: { text: string }
  video: PlayerVideo
  chunks: PlayerChunks
  peers: PlayerPeer[]
  network: NetworkState
  /** Another player has begun to play. */
  pause: null
}

/** Webview to host. */
export type FromPlayer =
  | { kind: 'request'; id: number; name: PlayerRequestName }
  | {
      [Name in keyof PlayerNotices]: { kind: 'notice'; name: Name; value: PlayerNotices[Name] }
    }[keyof PlayerNotices]

/** Host to webview. */
export type ToPlayer =
  | { kind: 'reply'; id: number; value: unknown }
  | { kind: 'error'; id: number; message: string }
  | {
      [Name in keyof PlayerUpdates]: { kind: 'update'; name: Name; value: PlayerUpdates[Name] }
    }[keyof PlayerUpdates]

/** What the webview keeps by itself over tab switches and window reloads. */
export interface SavedPlayerState {
  digest: string
  /** Seconds. */
  position: number
  paused: boolean
}
