import type { Random } from '../random.ts'
import type { PickStrategy } from '../strategy.ts'
import { canGive, type PeerSnapshot } from './peer-choice.ts'
import type { SwarmSnapshot } from './picker.ts'

/** Chunks drawn at random before all are looked at: early in a download nearly each will do. */
const DRAWS = 16

/**
 * A missing chunk that nobody was asked for, held by one of `candidates` and by the fewest holders; uniformly random among equally rare
 * ones. Undefined if there is none. The other orders are there to be compared with it.
 */
export function nextMissing(
  state: Pick<SwarmSnapshot, 'geometry' | 'have' | 'availability'>,
  requested: { has(index: number): boolean },
  candidates: readonly PeerSnapshot[],
  random: Random,
  order: PickStrategy['order'] = 'rarest'
): number | undefined {
  const { count } = state.geometry
  const isOpen = (index: number): boolean =>
    !state.have.has(index) && !requested.has(index) && isObtainable(index, candidates)
  const most = order === 'rarest' ? leastHolders(state, isOpen) : Number.POSITIVE_INFINITY
  const suits = (index: number): boolean => {
    const holders = state.availability[index] ?? 0
    return holders > 0 && holders <= most && isOpen(index)
  }
  return order === 'sequential' ? firstOf(count, suits) : randomOf(count, suits, random)
}

function firstOf(count: number, suits: (index: number) => boolean): number | undefined {
  for (let index = 0; index < count; index++) if (suits(index)) return index
  return undefined
}

/** Uniformly random: drawn until one suits; if they are few, by reservoir sampling, in one pass without allocation. */
function randomOf(count: number, suits: (index: number) => boolean, random: Random): number | undefined {
  for (let draw = 0; draw < DRAWS; draw++) {
    const index = Math.floor(random.float() * count)
    if (suits(index)) return index
  }
  let chosen: number | undefined
  let seen = 0
  for (let index = 0; index < count; index++) if (suits(index) && random.float() * ++seen < 1) chosen = index
  return chosen
}

/** Holders of the rarest open chunk, 0 if there is none. Of thousands of chunks only those are looked at that are rarer than the ones before. */
function leastHolders(
  { geometry, availability }: Pick<SwarmSnapshot, 'geometry' | 'availability'>,
  isOpen: (index: number) => boolean
): number {
  let least = 0
  for (let index = 0; index < geometry.count; index++) {
    const holders = availability[index] ?? 0
    if (holders > 0 && (least === 0 || holders < least) && isOpen(index)) least = holders
  }
  return least
}

function isObtainable(index: number, candidates: readonly PeerSnapshot[]): boolean {
  return candidates.some(peer => canGive(peer, index))
}
