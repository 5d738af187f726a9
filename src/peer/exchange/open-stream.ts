import type { Stream } from '@libp2p/interface'

/** Whom to talk to. */
export interface PeerTarget {
  /** Peer id as text. */
  peerId: string
  /** Multiaddrs as text; with or without `/p2p/<peer id>` at the end. None: ask the peer store and the ring. */
  addresses: readonly string[]
}

export interface OpenStreamOptions {
  signal: AbortSignal
  /** Also over a relay that limits time and bytes. For short conversations. */
  allowLimited?: boolean
}

/**
 * Opens a stream to a peer, over a connection that is there or a new one. `ConnectionPool.openStream` is the real one.
 * @throws PeerError PEER_UNREACHABLE, BUSY, TIMEOUT
 */
export type OpenStream = (target: PeerTarget, protocol: string, options: OpenStreamOptions) => Promise<Stream>
