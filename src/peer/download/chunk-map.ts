import type { ChunkMap, Digest } from '../api.ts'
import type { Geometry } from '../content/geometry.ts'
import { countHolders } from './availability.ts'
import type { ChunkSet } from './chunk-holder.ts'

/** Most holders that one base-36 digit can tell. */
const MAX_DIGIT = 35

export interface ChunkMapInit {
  digest: Digest
  geometry: Geometry
  have: ChunkSet | undefined
  requested: ChunkSet | undefined
  /** What each connected holder has. */
  holders: readonly ChunkSet[]
  waitingFor: number | undefined
}

/** The map of a video's chunks, one character each: see `ChunkMap`. */
export function drawChunkMap(init: ChunkMapInit): ChunkMap {
  const { digest, geometry, waitingFor } = init
  const counts = countHolders(init.holders, geometry.count)
  const map: ChunkMap = {
    digest,
    chunks: geometry.count,
    chunkSize: geometry.chunkSize,
    bytes: geometry.byteLength,
    states: Array.from(counts, (holders, index) => stateDigit(init, holders, index)).join(''),
    holders: Array.from(counts, holders => Math.min(MAX_DIGIT, holders).toString(36)).join('')
  }
  return waitingFor === undefined ? map : { ...map, waitingFor }
}

function stateDigit({ have, requested }: ChunkMapInit, holders: number, index: number): string {
  if (have?.has(index)) return '3'
  if (requested?.has(index)) return '2'
  return holders > 0 ? '1' : '0'
}
