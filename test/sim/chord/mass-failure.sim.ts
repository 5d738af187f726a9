import assert from 'node:assert/strict'
import { runMassFailure } from './mass-failure.ts'

describe('Simulated mass failure', function () {
  this.timeout(120_000)

  for (const { fail, mostHops } of [
    { fail: 0, mostHops: 3.84 },
    { fail: 0.5, mostHops: 5.09 }
  ]) {
    it(`lets every look-up of the survivors end at the living owner (${fail * 100} % dead)`, async () => {
      const result = await runMassFailure({ nodes: 200, successors: 20, fail, lookups: 500, seed: 1 })
      assert.equal(result.failed, 0)
      assert.ok(result.meanHops <= mostHops, `mean hops ${result.meanHops}`)
    })
  }
})
