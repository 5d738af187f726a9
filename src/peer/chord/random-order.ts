import type { Random } from '../random.ts'

/** A copy in random order. */
export function randomlyOrdered<Item>(items: readonly Item[], random: Random): Item[] {
  const order = items.map(item => ({ item, rank: random.float() }))
  return order.sort((a, b) => a.rank - b.rank).map(({ item }) => item)
}
