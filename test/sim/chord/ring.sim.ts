import assert from 'node:assert/strict'
import { assertIdeal } from './invariants.ts'
import { assertFindable, publishSome } from './published-records.ts'
import { Simulation } from './simulation.ts'

const QUIET = 120_000

describe('Simulated ring', function () {
  this.timeout(120_000)

  it('becomes one ring again after a partition heals', async () => {
    const simulation = new Simulation({ seed: 9 })
    await simulation.grow(20)
    await simulation.clock.run(QUIET)
    const left = new Set(simulation.peers.slice(0, 9).map(peer => peer.peerId))
    simulation.network.partition(peerId => (left.has(peerId) ? 1 : 2))
    await simulation.clock.run(180_000)
    simulation.network.heal()
    await simulation.clock.run(300_000)
    assertIdeal(simulation)
  })

  it('merges two rings of twenty that meet within a minute', async () => {
    const simulation = new Simulation({ seed: 10 })
    await simulation.grow(20)
    const strangers = []
    for (let count = 0; count < 20; count++) {
      const peer = simulation.make()
      const through = strangers.length > 0 ? simulation.random.pick(strangers) : undefined
      await simulation.clock.until(simulation.join(peer, through))
      strangers.push(peer)
    }
    await simulation.clock.run(QUIET)
    const signal = new AbortController().signal
    await simulation.clock.until(simulation.peers[0]!.node.meet(simulation.contact(strangers[0]!), signal))
    await simulation.clock.run(60_000)
    assertIdeal(simulation)
  })

  it('holds together while messages are late, lost and really encoded', async () => {
    const simulation = new Simulation({
      seed: 12,
      faults: { delay: [10, 400], drop: 0.01, throughCodec: true }
    })
    await simulation.grow(24)
    const publications = await publishSome(simulation, 10)
    await simulation.clock.run(QUIET)
    simulation.network.faults.drop = 0
    await simulation.clock.run(QUIET)
    assertIdeal(simulation)
    await assertFindable(simulation, publications)
  })

  it('gives the same run for the same seed', async () => {
    const runs = []
    for (let run = 0; run < 2; run++) {
      const simulation = new Simulation({ seed: 13 })
      await simulation.grow(16)
      await simulation.clock.run(60_000)
      runs.push(
        [...simulation.network.sent],
        simulation.members.map(member => member.node.snapshot())
      )
    }
    assert.deepEqual(runs.slice(2), runs.slice(0, 2))
  })
})
