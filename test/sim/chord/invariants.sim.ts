import assert from 'node:assert/strict'
import { SeedPool } from './seed-pool.ts'
import type { SeedResult } from './seed-worker.ts'

const SEEDS = 200
const SEEDS_PER_TEST = 20

describe('Invariants I1 to I10, 64 nodes', function () {
  this.timeout(280_000)
  let pool: SeedPool<number, SeedResult>

  before(() => {
    const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1)
    pool = new SeedPool(new URL('seed-worker.ts', import.meta.url), seeds)
  })
  after(() => pool.close())

  for (let first = 1; first <= SEEDS; first += SEEDS_PER_TEST) {
    const last = first + SEEDS_PER_TEST - 1
    it(`hold through joins, leaves, deaths and faults (seeds ${first} to ${last})`, async () => {
      for (let seed = first; seed <= last; seed++) {
        const { failure } = await pool.result(seed - 1)
        assert.equal(
          failure,
          undefined,
          `seed ${seed}; alone: npm run -s sim -- --invariants --seed ${seed}\n${failure}`
        )
      }
    })
  }
})
