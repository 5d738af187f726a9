import { MIB, type SampleFile } from './scratch.ts'

/** Bytes of a rival's piece: as large as a chunk here, since a player gets only what has been checked whole. */
export const STREAM_PIECE = MIB / 4

/** Milliseconds in which a place must have begun to play. */
export const PLAY_DEADLINE = 30_000

/** A program that plays a video while it arrives. */
export interface StreamSystem {
  name: string
  missing(): Promise<string | undefined>
  /** A seeder and a fetcher, both ready. */
  open(file: SampleFile, options: StreamOptions): Promise<Player>
}

export interface StreamOptions {
  /** Folders of their own for each side's files. */
  seederFolder: string
  folder: string
  /** Bytes per second. */
  uploadLimit: number
}

export interface Player {
  /** Share of the whole that has arrived, from 0 to 1. */
  readonly progress: number
  /** Begins to fetch; returns when it did, in monotonic milliseconds. */
  begin(): Promise<number>
  /** Leaves the place where it plays and plays from `place` on. Resolves with the seconds until `bytes` bytes were here. */
  play(place: number, bytes: number): Promise<number>
  /** Ends both sides. */
  stop(): Promise<void>
}
