import type { Random } from '../random.ts'
import type { PickStrategy } from '../strategy.ts'
import { canGive, type PeerSnapshot } from './peer-choice.ts'
import type { SwarmSnapshot } from './picker.ts'

/**
 * A missing chunk that nobody was asked for, held by one of `candidates` and by the fewest holders; uniformly random among
 * equally rare ones (reservoir sampling: one pass, no allocation). Undefined if there is none. The other orders are there to be
 * compared with it.
 */
export function nextMissing(
  state: Pick<SwarmSnapshot, 'geometry' | 'have' | 'availability'>,
  requested: { has(index: number): boolean },
  candidates: readonly PeerSnapshot[],
  random: Random,
  order: PickStrategy['order'] = 'rarest'
): number | undefined {
  let rarest: number | undefined
  let least = Number.POSITIVE_INFINITY
  let ties = 0
  for (let index = 0; index < state.geometry.count; index++) {
    const holders = state.availability[index] ?? 0
    const rank = order === 'rarest' ? holders : 1
    if (holders === 0 || rank > least || state.have.has(index) || requested.has(index)) continue
    if (!isObtainable(index, candidates)) continue
    if (order === 'sequential') return index
    ties = rank < least ? 1 : ties + 1
    least = rank
    if (random.float() * ties < 1) rarest = index
  }
  return rarest
}

function isObtainable(index: number, candidates: readonly PeerSnapshot[]): boolean {
  return candidates.some(peer => canGive(peer, index))
}
