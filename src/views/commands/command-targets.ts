import type { Digest, VideoSnapshot } from '../../peer/api.ts'
import type { PeerModel } from '../peer-model.ts'

/**
 * The videos that a menu names by its arguments: the clicked node and all selected nodes, the context of a player,
 * or a digest. Nodes are anything with a `digest`.
 */
export function videosFromArguments(model: PeerModel, args: readonly unknown[]): VideoSnapshot[] {
  const [clicked, selected] = args
  const nodes = Array.isArray(selected) && selected.length > 0 ? selected : [clicked]
  const digests = new Set(nodes.map(digestOf).filter(digest => digest !== undefined))
  return [...digests].map(digest => model.video(digest)).filter(video => video !== undefined)
}

function digestOf(value: unknown): Digest | undefined {
  if (typeof value === 'string') return value
  const isObject = typeof value === 'object' && value !== null
  return isObject && 'digest' in value && typeof value.digest === 'string' ? value.digest : undefined
}
