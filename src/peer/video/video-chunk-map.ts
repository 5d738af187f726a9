import type { ChunkMap } from '../api.ts'
import type { ChunkSet } from '../download/chunk-holder.ts'
import { drawChunkMap } from '../download/chunk-map.ts'
import type { Video } from './video.ts'

/** The map of a video's chunks: of its download, or of what is here and what connected peers said they hold. */
export function chunkMapOf(video: Video, holders: readonly ChunkSet[]): ChunkMap {
  const map = video.download?.state === 'complete' ? undefined : video.download?.chunkMap
  if (map) return map
  const { digest, bytes, chunkSize, chunks } = video.entry
  return drawChunkMap({
    digest,
    geometry: { byteLength: bytes, chunkSize, count: chunks },
    have: video.store?.have,
    requested: undefined,
    holders,
    waitingFor: undefined
  })
}
