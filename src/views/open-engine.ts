import type { OpenedPeer } from '../peer/control/open-peer.ts'
import type { WorkerPeerOptions } from '../peer/control/worker-peer.ts'

/** Loads what starts the engine, which is a chunk of its own, and opens the peer in a thread of its own. */
export async function openEngine(options: Omit<WorkerPeerOptions, 'worker'>): Promise<OpenedPeer> {
  const { openPeerInWorker } = await import('../peer/control/worker-peer.ts')
  return await openPeerInWorker({ ...options, worker: new URL('./engine-worker.js', import.meta.url) })
}
