import assert from 'node:assert/strict'
import { MAX_RECORDS_PER_PROVIDER } from '../../../src/peer/chord/constants.ts'
import {
  type AnnounceKey,
  type ProviderRecordDraft,
  signProviderRecord
} from '../../../src/peer/chord/record/provider-record.ts'
import type { SignedRecord } from '../../../src/peer/chord/record/signed-record.ts'
import { positionFromBytes } from '../../../src/peer/chord/ring-position.ts'
import type { StoreOutcome } from '../../../src/peer/chord/rpc/protocol.ts'
import { Conspiracy } from './conspiracy.ts'
import { simulatedAnnounceKey } from './simulated-keys.ts'
import { type SimulatedPeer, type SimulatedPublication, Simulation } from './simulation.ts'

const HOUR = 3_600_000
/** Reads that go on at the same time: the ring's own rounds cost more than they do. */
const READS_TOGETHER = 20
const signal = new AbortController().signal

describe('A ring under attack', function () {
  this.timeout(120_000)

  describe('by records', () => {
    let simulation: Simulation
    let attacker: SimulatedPeer
    let publication: SimulatedPublication
    let holder: SimulatedPeer

    beforeEach(async () => {
      simulation = new Simulation({ seed: 21 })
      await simulation.grow(12)
      await simulation.clock.run(60_000)
      const [first, second] = simulation.members
      attacker = first!
      publication = simulation.publish(second!)
      await simulation.clock.until(publication.publication.settled(signal))
      const owners = simulation.trueOwners(positionFromBytes(publication.announceKey.dhtKey), 4)
      holder = owners.find(owner => owner !== attacker && owner !== second)!
    })

    it('takes no record whose signatures do not fit its bytes', async () => {
      const key = positionFromBytes(publication.announceKey.dhtKey)
      const held = holder.node.store.get(key)[0]!.read.signed
      await simulation.clock.run(1_000)
      const newer = await draw(publication.by, publication.announceKey)
      const payload = newer.payload.with(newer.payload.length - 1, newer.payload.at(-1)! ^ 1)
      const forgeries = [
        { ...newer, payload },
        { ...newer, signature: newer.announceSignature },
        { ...newer, announceSignature: newer.signature },
        { ...newer, signature: held.signature, announceSignature: held.announceSignature },
        { ...held, payload: newer.payload }
      ]
      assert.deepEqual(new Set(await statusesOf(forgeries)), new Set(['refused']))
      assert.deepEqual(holder.node.store.get(key)[0]!.read.signed, held)
      await assertFound()
    })

    it('takes no record for a key from who does not know its announce key', async () => {
      const { publicKey, dhtKey } = publication.announceKey
      const posing = { ...simulatedAnnounceKey(simulation.random), publicKey, dhtKey }
      const outcome = await statusesOf([await draw(attacker, posing)])
      // Of the simulated signatures only that of the key's own holder verifies.
      assert.deepEqual(outcome, ['refused'])
      await assertFound()
    })

    it('takes no old sequence again', async () => {
      const key = positionFromBytes(publication.announceKey.dhtKey)
      const old = holder.node.store.get(key)[0]!.read.signed
      await simulation.clock.run(1_000)
      publication.publication.renew()
      await simulation.clock.run(5_000)
      assert.deepEqual(await statusesOf([old]), ['stale'])
      await simulation.clock.until(publication.publication.withdraw(signal))
      assert.deepEqual(await statusesOf([old]), ['stale'])
      await simulation.clock.run(HOUR)
      assert.deepEqual(await statusesOf([old]), ['stale'])
    })

    it('takes no record above its size', async () => {
      const { payload, ...rest } = await draw(attacker, simulatedAnnounceKey(simulation.random))
      const oversize = { ...rest, payload: Buffer.concat([payload, new Uint8Array(4096)]) }
      assert.deepEqual(await statusesOf([oversize]), ['refused'])
    })

    it('takes of 10,000 records from one peer no more than its quota, and serves others meanwhile', async () => {
      for (let sent = 0; sent < 10_000; sent += 50) {
        const records = await Promise.all(
          Array.from({ length: 50 }, () => draw(attacker, simulatedAnnounceKey(simulation.random)))
        )
        await store(records)
      }
      const held = holder.node.store.inArc({ from: 0n, to: 0n }).filter(isByAttacker)
      assert.ok(held.length <= MAX_RECORDS_PER_PROVIDER, `${held.length} records of one peer`)
      await assertFound()
      const another = simulation.publish(simulation.members.at(-1)!)
      await simulation.clock.until(another.publication.settled(signal))
    })

    function isByAttacker({ read }: { read: { author: string } }): boolean {
      return read.author === attacker.peerId
    }

    async function draw(by: SimulatedPeer, announceKey: AnnounceKey): Promise<SignedRecord> {
      const now = Math.floor(simulation.clock.now())
      const draft: ProviderRecordDraft = {
        addresses: [],
        sequence: now,
        issued: now,
        chunkCount: 8,
        ranges: [[0, 8]]
      }
      return await signProviderRecord(draft, by.signer, announceKey)
    }

    async function store(records: readonly SignedRecord[]): Promise<StoreOutcome[]> {
      const request = { records: records.map(signed => ({ signed, remaining: HOUR })) }
      const transport = simulation.network.transportOf(attacker.peerId)
      const call = transport.call(simulation.contact(holder), 'store', request, signal)
      return (await simulation.clock.until(call)).reply.outcomes
    }

    async function statusesOf(records: readonly SignedRecord[]): Promise<StoreOutcome['status'][]> {
      return (await store(records)).map(outcome => outcome.status)
    }

    async function assertFound(): Promise<void> {
      assert.equal(await simulation.clock.until(isRead(simulation.members[5]!, publication)), true)
    }
  })

  it('is not misled by a member that names wrong successors', async () => {
    const simulation = new Simulation({ seed: 22 })
    await simulation.grow(48)
    await simulation.clock.run(60_000)
    const liar = simulation.members[7]!
    new Conspiracy(simulation, [liar])
    await simulation.clock.run(120_000)
    const honest = simulation.members.filter(member => member !== liar)
    const publications = await publishSome(simulation, honest, 40)
    assert.equal(await shareRead(simulation, honest, publications, 200), 1)
  })

  it('keeps 99 of 100 reads right while a fifth of 256 members conspire, also for who joins among them', async () => {
    const simulation = new Simulation({ seed: 23 })
    await simulation.grow(256)
    await simulation.clock.run(60_000)
    const conspiracy = new Conspiracy(simulation, chooseSome(simulation, 51))
    const honest = (): SimulatedPeer[] => simulation.members.filter(member => !conspiracy.includes(member))
    for (let replaced = 0; replaced < 24; replaced++) {
      simulation.crash(simulation.random.pick(honest()))
      const entry = simulation.random.pick(honest())
      await simulation.clock.until(simulation.join(simulation.make(), entry))
      await simulation.clock.run(5_000)
    }
    const publications = await publishSome(simulation, honest(), 300)
    const share = await shareRead(simulation, honest(), publications, 600)
    assert.ok(share >= 0.99, `only ${share * 100} % of the reads gave the record`)
  })
})

function chooseSome(simulation: Simulation, count: number): SimulatedPeer[] {
  const left = [...simulation.members]
  return Array.from({ length: count }, () => left.splice(simulation.random.below(left.length), 1)[0]!)
}

async function publishSome(
  simulation: Simulation,
  publishers: readonly SimulatedPeer[],
  count: number
): Promise<SimulatedPublication[]> {
  const some = Array.from({ length: count }, () => simulation.publish(simulation.random.pick(publishers)))
  const acknowledged = some.map(({ publication }) => publication.acknowledged(signal))
  await simulation.clock.until(Promise.all(acknowledged))
  return some
}

async function shareRead(
  simulation: Simulation,
  readers: readonly SimulatedPeer[],
  publications: readonly SimulatedPublication[],
  reads: number
): Promise<number> {
  const { random, clock } = simulation
  const outcomes: boolean[] = []
  while (outcomes.length < reads) {
    const together = Array.from({ length: READS_TOGETHER }, () =>
      isRead(random.pick(readers), random.pick(publications))
    )
    outcomes.push(...(await clock.until(Promise.all(together))))
  }
  return outcomes.filter(Boolean).length / outcomes.length
}

async function isRead(reader: SimulatedPeer, { announceKey, by }: SimulatedPublication): Promise<boolean> {
  const records = await reader.node.findProviders(positionFromBytes(announceKey.dhtKey), { signal })
  return records.length === 1 && records[0]!.provider.toString() === by.peerId
}
