import type { Bitfield, IndexRange } from '../content/bitfield.ts'
import type { Unsubscribe } from '../event-emitter.ts'

/** Which chunks of a video are somewhere. `Bitfield` is one. */
export interface ChunkSet {
  has(index: number): boolean
}

/** A peer that is said to hold chunks of a video: by its record in the ring, a link, or a hint. */
export interface Holder {
  readonly peerId: string
  /** Multiaddrs to dial it by; empty when the peer store knows them. */
  readonly addresses: readonly string[]
  /** A link names it: most likely the owner. */
  readonly isLinked?: boolean
}

/** What other peers tell without being looked for. It comes earlier than a search, and may not come at all. */
export interface HolderNews {
  /** Tells of each holder that speaks up, and of each that stops serving. */
  listen(listener: { found(holder: Holder): void; gone(peerId: string): void }): Unsubscribe
  /** Asks all who listen who holds any of these chunks, or any chunk if the list is empty. */
  ask(wanted: readonly IndexRange[]): void
}

/** What a download needs of the exchange with one holder of one video: `exchange/chunk-session.ts` fits by shape. */
export interface HolderSession {
  /** What the holder says it has; grows as it says so. */
  readonly have: Bitfield
  /** Its chunk transfers under way, of how many at most. */
  readonly load: { active: number; limit: number }
  /** Monotonic time of the last byte from it; now, while our own limit holds it back. */
  readonly lastByteAt: number
  /** Measured round-trip time in milliseconds, once known. */
  readonly roundTripMilliseconds?: number | undefined
  /** Whether it is over, whoever ended it. */
  readonly closed: boolean
  /** Chunks that it wants to be asked for, unless a player waits for another one; undefined: any. */
  readonly offered?: ChunkSet | undefined
  on(event: 'have' | 'offer' | 'closed', listener: () => void): Unsubscribe
  /** It tells of other peers that fetch this video: not to be trusted, see `SwarmComponents.dialable`. */
  onPeers?(listener: (peers: readonly Holder[]) => void): Unsubscribe
  /** Whether one more chunk of so many bytes may be asked for now. */
  canRequest(length: number): boolean
  /**
   * Ciphertext and tag of one chunk, `length` bytes, not yet verified, in memory that is the caller's alone. Aborting the signal sends
   * CANCEL; `onProgress` is told how many bytes of the chunk are here.
   * @throws BusyError; PeerError CHUNK_UNAVAILABLE, CHUNK_INVALID, PEER_UNREACHABLE, TIMEOUT; the signal's reason
   */
  request(
    index: number,
    length: number,
    options: { signal: AbortSignal; onProgress?(received: number): void }
  ): Promise<Uint8Array>
  /** Takes back what `request` gave once nobody looks at it any more: its memory is used again. */
  recycle?(sealed: Uint8Array): void
  /** The manifest's exact bytes, not yet verified. */
  manifest(signal: AbortSignal): Promise<Uint8Array>
  /** The concatenated leaves, 32 bytes each, not yet verified. */
  leaves(count: number, signal: AbortSignal): Promise<Uint8Array>
  /** Tells the holder what this peer has, from now on. */
  reportHave(source: HaveSource): void
  /** Ends it. A holder that takes nothing does not keep the caller waiting for more than 200 ms. */
  close(): Promise<void>
}

/** Chunks that this peer has, as they grow. */
export interface HaveSource {
  readonly have: Bitfield
  /** Calls `listener` with the index of each chunk that is gained. */
  onHave(listener: (index: number) => void): Unsubscribe
}
