import { ChunkTags } from '../content/chunk-tags.ts'
import { verifyManifest } from '../content/manifest.ts'
import { verifyLeaves } from '../content/merkle-tree.ts'
import type { Holder } from '../download/chunk-holder.ts'
import type { ChunkSecrets } from '../download/chunk-store.ts'
import { PeerError, toPeerError } from '../errors.ts'
import type { Network } from '../node/network.ts'
import { isEnded, videoUnshared } from './unsharing.ts'
import type { Video } from './video.ts'
import { chunkSecrets } from './video-files.ts'

/**
 * Gets manifest, leaves and key of a video that is not in the library from the first holder that has them: what it takes to
 * check a file.
 * @throws PeerError NO_HOLDERS when nobody could be found, VIDEO_UNSHARED, or why the last holder failed
 */
export async function learnContent(
  video: Video,
  network: Network,
  signal: AbortSignal
): Promise<ChunkSecrets> {
  const records = await network.records(video, signal)
  const linked = await network.linkedHolders(video)
  const holders = [...linked, ...records.others]
  if (isEnded(video.owner, { ...records, others: holders })) throw videoUnshared()
  let failure = new PeerError(
    'NO_HOLDERS',
    'Nobody who holds this video was found. Ask the owner to be online.'
  )
  for (const holder of holders) {
    try {
      return await learnFrom(video, holder, network, signal)
    } catch (error) {
      signal.throwIfAborted()
      failure = toPeerError(error)
    }
  }
  throw failure
}

async function learnFrom(
  video: Video,
  holder: Holder,
  network: Network,
  signal: AbortSignal
): Promise<ChunkSecrets> {
  const session = await network.exchange.openSession(video, holder, signal)
  try {
    const manifest = await verifyManifest(await session.manifest(signal), video.id)
    const leaves = await session.leaves(manifest.count, signal)
    if (!verifyLeaves(leaves, manifest.count, manifest.root)) {
      throw new PeerError('LEAVES_INVALID', 'A holder sent wrong hashes. Try again.')
    }
    const contentKey = await network.exchange.requestKey(video, manifest, holder, signal)
    return chunkSecrets({ manifest, leaves, tags: new ChunkTags(manifest.count) }, contentKey)
  } finally {
    await session.close()
  }
}
