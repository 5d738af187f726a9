/** What is known of one chunk, in the order of the digits `0` to `3` of a chunk map. */
export const chunkStates = ['missing', 'available', 'requested', 'here'] as const

export type ChunkStateName = (typeof chunkStates)[number]

/** The part of a chunk map that is shown: one digit a chunk, see `ChunkMap` of the peer's API. */
export interface ChunkDigits {
  /** `0` missing, `1` available, `2` requested, `3` here. */
  states: string
  /** Base-36 digit: number of holders, this peer not counted. */
  holders: string
}

/** Neighbouring chunks that are shown as one line. */
export interface ChunkRange {
  first: number
  /** Inclusive. */
  last: number
  /** `mixed` where a range had to join chunks of different states. */
  state: ChunkStateName | 'mixed'
  fewestHolders: number
  mostHolders: number
  /** Chunks of the range that are here. */
  here: number
}

/** State of one chunk; chunks beyond the map are missing. */
export function chunkStateAt(map: ChunkDigits, index: number): ChunkStateName {
  return chunkStates[Number(map.states[index] ?? '0')] ?? 'missing'
}

/** Known holders of one chunk, this peer not counted. */
export function holdersAt(map: ChunkDigits, index: number): number {
  const holders = Number.parseInt(map.holders[index] ?? '0', 36)
  return Number.isNaN(holders) ? 0 : holders
}

/**
 * Groups chunks into at most `limit` ranges: by state and number of holders; where that gives too many, by state
 * alone; where even that does, into equal ranges of mixed state. The ranges cover every chunk once, in order.
 */
export function groupChunks(map: ChunkDigits, limit = 200): ChunkRange[] {
  const singles = Array.from({ length: map.states.length }, (_, index) => rangeOfOne(map, index))
  const exact = joinWhile(singles, (a, b) => a.state === b.state && a.mostHolders === b.mostHolders)
  if (exact.length <= limit) return exact
  const byState = joinWhile(singles, (a, b) => a.state === b.state)
  if (byState.length <= limit) return byState
  const size = Math.ceil(singles.length / limit)
  return joinWhile(singles, (a, b) => Math.floor(a.first / size) === Math.floor(b.first / size))
}

function rangeOfOne(map: ChunkDigits, index: number): ChunkRange {
  const state = chunkStateAt(map, index)
  const holders = holdersAt(map, index)
  const here = state === 'here' ? 1 : 0
  return { first: index, last: index, state, fewestHolders: holders, mostHolders: holders, here }
}

function joinWhile(ranges: ChunkRange[], same: (a: ChunkRange, b: ChunkRange) => boolean): ChunkRange[] {
  const joined: ChunkRange[] = []
  for (const range of ranges) {
    const previous = joined.at(-1)
    if (previous !== undefined && same(previous, range)) joined[joined.length - 1] = join(previous, range)
    else joined.push(range)
  }
  return joined
}

function join(a: ChunkRange, b: ChunkRange): ChunkRange {
  return {
    first: a.first,
    last: b.last,
    state: a.state === b.state ? a.state : 'mixed',
    fewestHolders: Math.min(a.fewestHolders, b.fewestHolders),
    mostHolders: Math.max(a.mostHolders, b.mostHolders),
    here: a.here + b.here
  }
}
