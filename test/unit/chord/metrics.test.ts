import assert from 'node:assert/strict'
import type { Metrics } from '@libp2p/interface'
import type { ChordNode } from '../../../src/peer/chord/chord-node.ts'
import { ChordMetrics } from '../../../src/peer/chord/metrics.ts'
import { positionFromBytes } from '../../../src/peer/chord/ring-position.ts'
import type { Transport } from '../../../src/peer/chord/rpc/protocol.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { Simulation } from '../../sim/chord/simulation.ts'

const never = new AbortController().signal
const anybody = { peerId: 'QmAnybody', position: 1n, addresses: [] }

/** Keeps what is counted; what is calculated is calculated when it is read. */
class FakeMetrics {
  readonly counted: Record<string, number> = {}
  readonly calculated: Record<string, () => Record<string, number>> = {}

  get metrics(): Metrics {
    return this as unknown as Metrics
  }

  registerCounterGroup(name: string): { increment(values: Record<string, number>): void } {
    const count = this.#count
    return {
      increment: values => {
        for (const [key, by] of Object.entries(values)) count(`${name} ${key}`, by)
      }
    }
  }

  registerCounter(name: string): { increment(): void } {
    return { increment: () => this.#count(name, 1) }
  }

  registerMetricGroup(name: string, { calculate }: { calculate: () => Record<string, number> }): void {
    this.calculated[name] = calculate
  }

  readonly #count = (name: string, by: number): void => {
    this.counted[name] = (this.counted[name] ?? 0) + by
  }
}

describe('metrics of a Chord peer', () => {
  let fake: FakeMetrics
  let metrics: ChordMetrics

  beforeEach(() => {
    fake = new FakeMetrics()
    metrics = new ChordMetrics(fake.metrics)
  })

  async function followed(count: number): Promise<{ simulation: Simulation; node: ChordNode }> {
    const simulation = new Simulation({ seed: 5 })
    await simulation.grow(count)
    await simulation.clock.run(60_000)
    const { node } = simulation.peers[0]!
    metrics.follow(node)
    return { simulation, node }
  }

  it('count requests by method, and those that failed', async () => {
    let problem: Error | undefined
    const transport = metrics.countRequests({
      call: async () => {
        if (problem) throw problem
        return { reply: { member: true }, incarnation: 1 }
      }
    } as Transport)
    await transport.call(anybody, 'ping', {}, never)
    problem = new PeerError('TIMEOUT', 'Too late.')
    await assert.rejects(transport.call(anybody, 'ping', {}, never))
    problem = new PeerError('ABORTED', 'Not wanted any more.')
    await assert.rejects(transport.call(anybody, 'nudge', {}, never))
    assert.deepEqual(fake.counted, {
      'chordcast_chord_requests_sent ping': 2,
      'chordcast_chord_requests_failed ping': 1,
      'chordcast_chord_requests_sent nudge': 1
    })
  })

  it('count requests of others, and answer them as before', async () => {
    const { node } = await followed(1)
    const handlers = metrics.countAnswers(node.handlers)
    assert.deepEqual(await handlers.ping(anybody, {}, never), await node.handlers.ping(anybody, {}, never))
    assert.equal(fake.counted['chordcast_chord_requests_received ping'], 1)
  })

  it('count look-ups with their hops, and the records that come', async () => {
    const { simulation, node } = await followed(12)
    const { announceKey } = simulation.publish(simulation.peers[3]!)
    await simulation.clock.run(5_000)
    await simulation.clock.until(node.owners(positionFromBytes(announceKey.dhtKey), { signal: never }))
    const { 'chordcast_chord_lookups found': found = 0, 'chordcast_chord_lookups hops': hops = 0 } =
      fake.counted
    assert.ok(found >= 1 && hops >= 0, JSON.stringify(fake.counted))
    await node.store.accept({
      signed: {
        kind: 'provider',
        payload: new Uint8Array(),
        algorithm: 'ed25519',
        signature: new Uint8Array(),
        announceSignature: new Uint8Array()
      },
      remaining: 1
    })
    assert.equal(fake.counted['chordcast_chord_records_offered refused'], 1)
  })

  it('count hand-overs and changes of the successor list', async () => {
    const simulation = new Simulation({ seed: 5 })
    await simulation.grow(4)
    for (let count = 0; count < 20; count++) simulation.publish(simulation.peers[1]!)
    await simulation.clock.run(20_000)
    const joiner = simulation.make()
    metrics.follow(joiner.node)
    await simulation.clock.until(simulation.join(joiner, simulation.peers[0]))
    await simulation.clock.run(20_000)
    assert.ok(Number(fake.counted.chordcast_chord_successor_changes) > 0)
    assert.ok(Number(fake.counted['chordcast_chord_records_handed_over in']) > 0)
    assert.ok(Number(fake.counted['chordcast_chord_records_offered stored']) > 0)
  })

  it('show the ring as it is when they are read', async () => {
    const { node } = await followed(3)
    const calculate = fake.calculated.chordcast_chord
    assert.ok(calculate)
    const { estimatedSize, records, successors, fingers } = node.snapshot()
    assert.deepEqual(calculate(), {
      estimated_size: estimatedSize,
      records,
      successors: successors.length,
      fingers: fingers.length,
      member: 1
    })
  })
})
