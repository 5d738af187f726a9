import assert from 'node:assert/strict'
import { type CacheMember, CiphertextCache } from '../../../src/peer/download/ciphertext-cache.ts'

/** A video whose chunks have one byte each. */
class Member implements CacheMember {
  isPlaying = false
  readonly #usedAt: Map<number, number>
  readonly #needed: Set<number>

  constructor(usedAt: Record<number, number>, needed: number[] = []) {
    this.#usedAt = new Map(Object.entries(usedAt).map(([index, time]) => [Number(index), time]))
    this.#needed = new Set(needed)
  }

  get chunks(): number[] {
    return [...this.#usedAt.keys()].sort((a, b) => a - b)
  }

  get bytes(): number {
    return this.#usedAt.size
  }

  get stalest(): { index: number; usedAt: number } | undefined {
    const free = [...this.#usedAt].filter(([index]) => !this.#needed.has(index))
    const [oldest] = free.sort(([, a], [, b]) => a - b)
    return oldest && { index: oldest[0], usedAt: oldest[1] }
  }

  async evict(index: number): Promise<void> {
    this.#usedAt.delete(index)
  }
}

describe('the cache of what is only watched', () => {
  const added = async (): Promise<void> => undefined
  const cacheOf = (quota: number, ...members: Member[]): CiphertextCache => {
    const cache = new CiphertextCache(quota)
    for (const member of members) cache.add(member)
    return cache
  }

  it('gives up what was used longest ago, over all videos, and no more than needed', async () => {
    const [a, b] = [new Member({ 0: 10, 1: 40 }), new Member({ 0: 30, 1: 20 })]
    const cache = cacheOf(4, a, b)
    await cache.write(2, added)
    assert.deepEqual([a.chunks, b.chunks, cache.bytes], [[1], [0], 2])
  })

  it('gives up nothing while there is room', async () => {
    const member = new Member({ 0: 1 })
    await cacheOf(2, member).write(1, added)
    assert.deepEqual(member.chunks, [0])
  })

  it('takes from videos that nobody plays first', async () => {
    const [played, other] = [new Member({ 0: 1, 1: 2 }), new Member({ 0: 50 })]
    played.isPlaying = true
    const cache = cacheOf(3, played, other)
    assert.equal(cache.spareBytes, 1)
    await cache.write(2, added)
    assert.deepEqual([played.chunks, other.chunks], [[1], []])
  })

  it('never gives up what players need, even if the quota is smaller', async () => {
    const member = new Member({ 0: 1, 1: 2, 2: 3 }, [0, 2])
    member.isPlaying = true
    await cacheOf(1, member).write(1, added)
    assert.deepEqual(member.chunks, [0, 2])
  })

  it('makes room for all that is being written at once', async () => {
    const member = new Member({ 0: 1, 1: 2, 2: 3 })
    const cache = cacheOf(3, member)
    await Promise.all([cache.write(1, added), cache.write(1, added)])
    assert.deepEqual(member.chunks, [2])
  })

  it('leaves out a video that is gone', async () => {
    const member = new Member({ 0: 1 })
    const cache = cacheOf(1, member)
    cache.remove(member)
    await cache.write(1, added)
    assert.deepEqual([member.chunks, cache.bytes], [[0], 0])
  })
})
