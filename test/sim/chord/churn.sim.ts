import assert from 'node:assert/strict'
import { advance } from '../../../src/peer/chord/ring-position.ts'
import { Churn, type ChurnResult } from './churn.ts'
import { Simulation } from './simulation.ts'

const NODES = 200
const signal = new AbortController().signal

describe('Simulated churn', function () {
  this.timeout(120_000)

  describe('of members that live five minutes and die without a word', () => {
    let result: ChurnResult

    before(async () => {
      result = await new Churn({ nodes: NODES, successors: 8, session: 5, minutes: 10, seed: 3 }).run()
    })

    it('lets 995 of 1,000 look-ups end at the owner or one of the next three', () => {
      assert.ok(result.replicaSet >= 0.995, `only ${result.replicaSet}`)
    })

    it('never parts the ring', () => {
      assert.equal(result.partitions + result.lostLists, 0)
    })

    it('lets nearly all in who come', () => {
      assert.ok(result.joins > NODES && result.failedJoins <= 2, `${result.failedJoins} of ${result.joins}`)
    })
  })

  it('holds no join up with members that do not answer', async () => {
    const simulation = new Simulation({ seed: 4 })
    const { clock, random } = simulation
    await simulation.grow(60)
    await clock.run(120_000)
    for (let dead = 0; dead < 12; dead++) simulation.cutPower(random.pick(simulation.peers))
    const begun = clock.monotonic()
    const joins = Array.from({ length: 10 }, () =>
      simulation.join(simulation.make(), random.pick(simulation.members))
    )
    await clock.until(Promise.all(joins))
    const seconds = (clock.monotonic() - begun) / 1000
    assert.ok(seconds < 20, `the last of ten joined after ${seconds} s`)
  })

  it('lets a peer look up that knows one member only, wherever that stands', async () => {
    const simulation = new Simulation({ seed: 5 })
    await simulation.grow(40)
    await simulation.clock.run(60_000)
    for (const member of simulation.members) {
      const newcomer = simulation.make()
      newcomer.node.ring.fingers.learn(simulation.contact(member))
      simulation.network.connect(newcomer.peerId, newcomer.node)
      // Nobody stands between the newcomer and this key.
      const key = advance(newcomer.position, 1n)
      const { members } = await simulation.clock.until(newcomer.node.owners(key, { signal }))
      assert.equal(members[0]?.peerId, simulation.trueOwners(key, 1)[0]?.peerId)
    }
  })
})
