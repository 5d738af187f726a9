import assert from 'node:assert/strict'
import { encodeFrame } from '../../../src/peer/wire/frame-codec.ts'
import { frameBytes } from './message-size.ts'
import { runMany } from './run-many.ts'
import { SCENARIO_NAMES } from './scenarios.ts'
import type { SwarmResult } from './swarm-result.ts'
import { type SwarmOptions, SwarmRun } from './swarm-run.ts'

const SEEDS = [1]
/** The capped owner is one of the benchmark `swarm`, for its time alone. */
const SCENARIOS_HERE = SCENARIO_NAMES.filter(name => name !== 'capped-owner')
const SMALL = { peers: 20, megabytes: 8 }
/** What may come in vain, as a share of the video; and in chunks, of which so small a video has few. */
const MAX_DUPLICATE_SHARE = 0.03
const MAX_DUPLICATE_CHUNKS = 3

describe('Simulated swarms of 20', function () {
  // Seconds on a machine of one's own; what is simulated takes the time it takes on a busy one.
  this.timeout(240_000)
  let results: readonly SwarmResult[]

  before(async () => {
    const runs: SwarmOptions[] = SCENARIOS_HERE.flatMap(scenario =>
      SEEDS.map(seed => ({ ...SMALL, scenario, seed }))
    )
    results = await runMany(runs)
  })

  for (const scenario of SCENARIOS_HERE) {
    for (const seed of SEEDS) {
      it(`give everybody what anybody has: ${scenario}, seed ${seed}`, () => {
        const result = find(scenario, seed)
        assert.equal(result.starvedChunks, 0, describeRun(result))
        if (result.lostChunks === 0) assert.equal(result.failed, 0, describeRun(result))
      })
    }
  }

  it('let hardly anything come twice', () => {
    for (const result of results) {
      const most = MAX_DUPLICATE_SHARE + MAX_DUPLICATE_CHUNKS / result.chunks
      assert.ok(result.duplicateShare < most, `${result.duplicateShare}; ${describeRun(result)}`)
    }
  })

  for (const seed of SEEDS) {
    it(`ban whoever sends a forged chunk after the first, seed ${seed}`, () => {
      const result = find('poisoners', seed)
      assert.ok(result.poisonings > 0, describeRun(result))
      assert.equal(result.poisoningsBanned, result.poisonings, describeRun(result))
      assert.equal(result.mostForgeries, 1, describeRun(result))
    })
  }

  for (const seed of SEEDS) {
    it(`lose nothing when the owner leaves after 60 %, seed ${seed}`, () => {
      const result = find('leaving-owner', seed)
      assert.equal(result.lostChunks, 0, describeRun(result))
      assert.equal(result.failed, 0, describeRun(result))
    })
  }

  it('go the same way for the same seed', async () => {
    const again = await new SwarmRun({ ...SMALL, scenario: 'leaving-holders', seed: 1 }).run()
    assert.deepEqual(withoutCost(again), withoutCost(find('leaving-holders', 1)))
  })

  function find(scenario: string, seed: number): SwarmResult {
    const result = results.find(one => one.scenario === scenario && one.seed === seed)
    assert.ok(result)
    return result
  }
})

describe('Sizes of simulated messages', () => {
  for (const message of [
    { type: 'slice', request: 70_000, offset: 65_536, data: new Uint8Array(65_536), last: true },
    { type: 'have-more', indices: [0, 23, 24, 255, 256, 65_535, 65_536] },
    { type: 'have', count: 300, bits: new Uint8Array(38) },
    { type: 'load', active: 3, limit: 50 },
    { type: 'want', request: 5, index: 1000 },
    { type: 'failed', request: 5, code: 'CHUNK_UNAVAILABLE' }
  ]) {
    it(`are those of the codec: ${message.type}`, () => {
      assert.equal(frameBytes(message), encodeFrame(message).length)
    })
  }
})

function withoutCost({ realSeconds: _seconds, megabytes: _megabytes, ...rest }: SwarmResult): object {
  return rest
}

function describeRun({ scenario, seed }: SwarmResult): string {
  const { peers, megabytes } = SMALL
  return `npm run -s sim:swarm -- --scenario ${scenario} --peers ${peers} --megabytes ${megabytes} --seed ${seed}`
}
