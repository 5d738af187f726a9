import { type ChunkDigits, type ChunkStateName, chunkStateAt, holdersAt } from './chunk-ranges.ts'

/** One column of a bar, or one cell of a grid, that stands for several chunks. */
export interface ChunkColumn {
  /** Inclusive. */
  first: number
  /** Inclusive. */
  last: number
  /** The least of the states in it: `here` only when every chunk of it is here. */
  state: ChunkStateName
  /** 0 to 1: the part of its chunks that is here. */
  here: number
  /** Of the chunk in it with the fewest known holders. */
  holders: number
}

const rank: Record<ChunkStateName, number> = { missing: 0, available: 1, requested: 2, here: 3 }

/** Divides the chunks of a map into at most `count` neighbouring columns of nearly equal size. */
export function chunkColumns(map: ChunkDigits, count: number): ChunkColumn[] {
  const chunks = map.states.length
  const columns = Math.max(0, Math.min(Math.floor(count), chunks))
  return Array.from({ length: columns }, (_, index) => {
    const first = Math.floor((index * chunks) / columns)
    return columnOf(map, first, Math.floor(((index + 1) * chunks) / columns) - 1)
  })
}

function columnOf(map: ChunkDigits, first: number, last: number): ChunkColumn {
  let state: ChunkStateName = 'here'
  let here = 0
  let holders = Number.POSITIVE_INFINITY
  for (let index = first; index <= last; index++) {
    const own = chunkStateAt(map, index)
    if (own === 'here') here += 1
    if (rank[own] < rank[state]) state = own
    holders = Math.min(holders, holdersAt(map, index))
  }
  return { first, last, state, here: here / (last - first + 1), holders }
}

/** 0 to 1 for a heat map: how well known a chunk's holders make it. The first few count most. */
export function holderHeat(holders: number): number {
  return Math.min(1, Math.log2(1 + holders) / 4)
}

/** How many chunks are in each state. */
export function countStates(map: ChunkDigits): Record<ChunkStateName, number> {
  const counts = { missing: 0, available: 0, requested: 0, here: 0 }
  for (let index = 0; index < map.states.length; index++) counts[chunkStateAt(map, index)] += 1
  return counts
}
