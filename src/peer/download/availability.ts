import type { ChunkSet } from './chunk-holder.ts'

/** How many of `sets` each of `count` chunks is in. */
export function countHolders(sets: readonly ChunkSet[], count: number): Uint16Array<ArrayBuffer> {
  const holders = new Uint16Array(count)
  for (const set of sets) {
    for (let index = 0; index < count; index++) if (set.has(index)) holders[index] = (holders[index] ?? 0) + 1
  }
  return holders
}
