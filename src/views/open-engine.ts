import type { OpenedPeer, OpenPeerOptions } from '../peer/control/open-peer.ts'

/** Loads the engine, which is a chunk of its own, and opens the peer. */
export async function openEngine(options: OpenPeerOptions): Promise<OpenedPeer> {
  const { openPeer } = await import('../peer/control/open-peer.ts')
  return await openPeer(options)
}
