import { Bitfield } from '../content/bitfield.ts'
import type { ChunkSet } from './chunk-holder.ts'

/** How many of `sets` each of `count` chunks is in. */
export function countHolders(sets: readonly ChunkSet[], count: number): Uint16Array<ArrayBuffer> {
  const holders = new Uint16Array(count)
  for (const set of sets) {
    for (let index = 0; index < count; index++) if (set.has(index)) holders[index] = (holders[index] ?? 0) + 1
  }
  return holders
}

/** Whether one of the `chunks` is in none of `sets`. */
export function isAnyHeldByNone(chunks: Iterable<number>, sets: readonly ChunkSet[]): boolean {
  for (const index of chunks) if (!sets.some(set => set.has(index))) return true
  return false
}

/** Whether a holder of `theirs` has something that is missing from `have`. */
export function hasAnyMissing(theirs: Bitfield, have: Bitfield): boolean {
  return theirs.without(have).size > 0
}

/** What is missing from `have` and in none of `sets`. */
export function heldByNone(have: Bitfield, sets: readonly ChunkSet[]): Bitfield {
  const unheld = new Bitfield(have.length)
  for (const index of have.missing()) if (!sets.some(set => set.has(index))) unheld.add(index)
  return unheld
}
