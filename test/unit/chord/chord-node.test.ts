import assert from 'node:assert/strict'
import { TOMBSTONE_TTL } from '../../../src/peer/chord/constants.ts'
import type { Contact } from '../../../src/peer/chord/contact.ts'
import { signTombstone } from '../../../src/peer/chord/record/tombstone.ts'
import { distance, isBetween, positionFromBytes } from '../../../src/peer/chord/ring-position.ts'
import type { Handlers } from '../../../src/peer/chord/rpc/protocol.ts'
import { simulatedAnnounceKey } from '../../sim/chord/simulated-keys.ts'
import { type SimulatedPeer, Simulation } from '../../sim/chord/simulation.ts'

const never = new AbortController().signal
const MINUTE = 60_000

/** A settled ring on virtual time. */
async function ringOf(count: number, seed = 1): Promise<Simulation> {
  const simulation = new Simulation({ seed })
  await simulation.grow(count)
  await simulation.clock.run(MINUTE)
  return simulation
}

function replaceHandler<M extends keyof Handlers>(
  peer: SimulatedPeer,
  method: M,
  handler: Handlers[M]
): void {
  ;(peer.node.handlers as Handlers)[method] = handler
}

describe('A Chord node', () => {
  describe('as member or client', () => {
    it('is a member as the first of its ring', async () => {
      const simulation = await ringOf(1)
      const { role, roleReason, estimatedSize } = simulation.peers[0]!.node.snapshot()
      assert.deepEqual({ role, estimatedSize }, { role: 'member', estimatedSize: 1 })
      assert.match(roleReason, /only one/)
      await simulation.grow(2)
      await simulation.clock.run(20_000)
      assert.match(simulation.peers[0]!.node.snapshot().roleReason, /began its ring/)
    })

    it('is a client until it can be dialled back, and says why', async () => {
      const simulation = await ringOf(5)
      const peer = simulation.make()
      simulation.unreachable.add(peer.peerId)
      await simulation.clock.until(simulation.join(peer, simulation.peers[0]))
      assert.equal(peer.node.snapshot().role, 'client')
      assert.match(peer.node.snapshot().roleReason, /cannot dial this peer: connection refused/)
      await simulation.clock.run(MINUTE)
      assert.ok(simulation.members.every(member => !member.node.ring.neighbour(peer.peerId)))
      simulation.unreachable.delete(peer.peerId)
      await simulation.clock.run(15 * MINUTE)
      assert.equal(peer.node.snapshot().role, 'member')
      assert.ok(
        simulation.members.every(member => member === peer || member.node.ring.neighbour(peer.peerId))
      )
    })

    it('becomes a client again when its address stops working, and leaves everybody’s list', async () => {
      const simulation = await ringOf(5)
      const peer = simulation.peers[2]!
      simulation.unreachable.add(peer.peerId)
      await simulation.clock.run(40 * MINUTE)
      assert.equal(peer.node.snapshot().role, 'client')
      for (const member of simulation.members)
        assert.equal(member.node.ring.neighbour(peer.peerId), undefined)
    })

    it('stays a client when it does not stay', async () => {
      const simulation = await ringOf(3)
      const peer = simulation.make({ stay: false })
      await simulation.clock.until(simulation.join(peer, simulation.peers[0]))
      await simulation.clock.run(20 * MINUTE)
      assert.equal(peer.node.snapshot().role, 'client')
      assert.equal(peer.node.snapshot().estimatedSize, 3)
    })

    it('stores nothing for others as a client', async () => {
      const simulation = await ringOf(3)
      const client = simulation.make({ stay: false })
      await simulation.clock.until(simulation.join(client, simulation.peers[0]))
      const { publication, announceKey } = simulation.publish(client)
      await simulation.clock.until(publication.settled(never))
      const [record] = simulation.members.flatMap(({ node }) =>
        node.store.get(positionFromBytes(announceKey.dhtKey))
      )
      const stored = { signed: record!.read.signed, remaining: 1000 }
      const reply = client.node.handlers.store(
        { peerId: simulation.peers[0]!.peerId },
        { records: [stored] },
        never
      )
      assert.deepEqual(await reply, { outcomes: [{ status: 'refused' }] })
      assert.equal(client.node.store.size, 0)
    })
  })

  describe('looking up', () => {
    it('asks nobody who is not strictly closer to the key than who named it', async () => {
      const simulation = await ringOf(40)
      const key = positionFromBytes(simulation.random.bytes(32))
      const asker = simulation.trueOwners(key, 40)[2]!
      const liar = simulation.trueOwners(key, 40).at(-6)!
      const behind: Contact = simulation.contact(simulation.trueOwners(key, 40)[5]!)
      assert.ok(!isBetween(liar.position, behind.position, key))
      replaceHandler(liar, 'next', () => ({ member: true, owners: [], closer: [behind] }))
      const seeds = [simulation.contact(liar)]
      await assert.rejects(simulation.clock.until(asker.node.owners(key, { signal: never, seeds })), {
        code: 'PEER_UNREACHABLE'
      })
    })

    it('goes around by others it knows when all that are nearest to the key died without a word', async () => {
      const simulation = await ringOf(40)
      const key = positionFromBytes(simulation.random.bytes(32))
      const asker = simulation.trueOwners(key, 40)[3]!
      for (const { peerId } of asker.node.ring.nextHop(key).closer)
        simulation.cutPower(simulation.find(peerId)!)
      const found = await simulation.clock.until(asker.node.owners(key, { signal: never }))
      assert.equal(found.members[0]?.peerId, simulation.trueOwners(key, 1)[0]!.peerId)
    })

    it('corrects an owner that was named wrongly', async () => {
      const simulation = await ringOf(40)
      const key = positionFromBytes(simulation.random.bytes(32))
      const [owner, second] = simulation.trueOwners(key, 40)
      const asker = simulation.trueOwners(key, 40)[20]!
      const wrong = simulation.trueOwners(key, 40).at(-3)!
      replaceHandler(wrong, 'next', () => ({
        member: true,
        owners: [simulation.contact(second!)],
        closer: []
      }))
      const seeds = [simulation.contact(wrong)]
      const found = await simulation.clock.until(asker.node.owners(key, { signal: never, seeds }))
      assert.equal(found.members[0]?.peerId, owner!.peerId)
    })

    it('steps past an owner that died, and tells each step', async () => {
      const simulation = await ringOf(20)
      const key = positionFromBytes(simulation.random.bytes(32))
      const [owner, second] = simulation.trueOwners(key, 20)
      const asker = simulation.trueOwners(key, 20)[9]!
      simulation.network.disconnect(owner!.peerId)
      const steps: string[] = []
      const run = (async () => {
        for await (const step of asker.node.lookup(key, { signal: never }))
          steps.push(`${step.outcome} ${step.peerId}`)
      })()
      await simulation.clock.until(run)
      assert.ok(steps.includes(`failed ${owner!.peerId}`))
      assert.equal(steps.at(-1), `owner ${second!.peerId}`)
    })

    it('rejects with NOT_JOINED when it knows nobody', async () => {
      const simulation = new Simulation({ seed: 3 })
      const { node } = simulation.make()
      const key = positionFromBytes(simulation.random.bytes(32))
      await assert.rejects(node.findProviders(key, { signal: never }), { code: 'NOT_JOINED' })
      await assert.rejects(node.owners(key, { signal: never }), { code: 'NOT_JOINED' })
    })

    it('ends when it is aborted', async () => {
      const simulation = await ringOf(12)
      const controller = new AbortController()
      const asker = simulation.peers[0]!
      const key = positionFromBytes(simulation.random.bytes(32))
      for (const peer of simulation.peers.slice(1)) simulation.network.disconnect(peer.peerId)
      const found = asker.node.findProviders(key, { signal: controller.signal })
      controller.abort(new Error('enough'))
      await assert.rejects(simulation.clock.until(found), /enough/)
    })
  })

  describe('publishing', () => {
    it('stores a record at the owner and the next three members', async () => {
      const simulation = await ringOf(20)
      const { publication, announceKey } = simulation.publish(simulation.peers[0]!)
      await simulation.clock.until(publication.settled(never))
      const key = positionFromBytes(announceKey.dhtKey)
      const holders = simulation.members
        .filter(({ node }) => node.store.get(key).length > 0)
        .map(({ peerId }) => peerId)
      const owners = simulation.trueOwners(key, 4).map(({ peerId }) => peerId)
      assert.deepEqual(holders.sort(), owners.sort())
    })

    it('tells the ring of the first chunk and the last at once, and else once a minute', async () => {
      const simulation = await ringOf(6)
      const [by, asker] = simulation.peers as [SimulatedPeer, SimulatedPeer]
      const { publication, announceKey } = simulation.publish(by)
      publication.update([])
      await simulation.clock.run(1_000)
      const key = positionFromBytes(announceKey.dhtKey)
      const known = async (): Promise<number | undefined> => {
        const records = await simulation.clock.until(asker.node.findProviders(key, { signal: never }))
        return records[0]?.ranges[0]?.[1]
      }
      assert.equal(await known(), undefined)
      publication.update([[0, 1]])
      await simulation.clock.run(1_000)
      assert.equal(await known(), 1)
      publication.update([[0, 3]])
      await simulation.clock.run(20_000)
      assert.equal(await known(), 1)
      await simulation.clock.run(MINUTE)
      assert.equal(await known(), 3)
      publication.update([[0, 8]])
      await simulation.clock.run(1_000)
      assert.equal(await known(), 8)
    })

    it('keeps a record alive far beyond its lifetime, and lets it die with its publisher', async () => {
      const simulation = await ringOf(6)
      const [by, asker] = simulation.peers as [SimulatedPeer, SimulatedPeer]
      const { publication, announceKey } = simulation.publish(by)
      await simulation.clock.until(publication.settled(never))
      const key = positionFromBytes(announceKey.dhtKey)
      const find = () => simulation.clock.until(asker.node.findProviders(key, { signal: never }))
      await simulation.clock.run(95 * MINUTE)
      assert.equal((await find()).length, 1)
      simulation.crash(by)
      await simulation.clock.run(31 * MINUTE)
      assert.deepEqual(await find(), [])
    })

    it('waits for the next join, and publishes anew after leaving', async () => {
      const simulation = await ringOf(4)
      const peer = simulation.make()
      const { publication, announceKey } = simulation.publish(peer)
      const key = positionFromBytes(announceKey.dhtKey)
      const asker = simulation.peers[0]!
      const find = () => simulation.clock.until(asker.node.findProviders(key, { signal: never }))
      await simulation.clock.until(simulation.join(peer, asker))
      await simulation.clock.until(publication.settled(never))
      assert.equal((await find()).length, 1)
      await simulation.clock.until(simulation.leave(peer))
      assert.deepEqual(await find(), [])
      await simulation.clock.until(simulation.join(peer, asker))
      await simulation.clock.until(publication.settled(never))
      assert.equal((await find()).length, 1)
    })

    it('ends a publication that is withdrawn before it was acknowledged', async () => {
      const simulation = await ringOf(2)
      const peer = simulation.make()
      const { publication } = simulation.publish(peer)
      const waiting = publication.acknowledged(never)
      await publication.withdraw()
      await assert.rejects(waiting, { code: 'ABORTED' })
    })

    it('believes a tombstone of the owner, and else only about its author’s own record', async () => {
      const simulation = await ringOf(6)
      const [owner, holder, stranger, asker] = simulation.peers as [
        SimulatedPeer,
        SimulatedPeer,
        SimulatedPeer,
        SimulatedPeer
      ]
      const { announceKey } = simulation.publish(owner)
      const publishTombstone = async ({ node, signer }: SimulatedPeer): Promise<void> => {
        const now = simulation.clock.now()
        node.publisher.publishTombstone(
          await signTombstone({ sequence: now, issued: now }, signer, announceKey)
        )
      }
      holder.node.publisher.publish({ announceKey, chunkCount: 8, ranges: [[0, 4]] })
      await publishTombstone(stranger)
      await simulation.clock.run(5_000)
      const key = positionFromBytes(announceKey.dhtKey)
      const find = (options: { owner?: string }) =>
        simulation.clock.until(asker.node.findProviders(key, { signal: never, ...options }))
      assert.equal((await find({})).length, 2)
      assert.equal((await find({ owner: owner.peerId })).length, 2)
      await publishTombstone(owner)
      await simulation.clock.run(5_000)
      assert.deepEqual(
        (await find({})).map(record => record.provider.toString()),
        [holder.peerId]
      )
      assert.deepEqual(await find({ owner: owner.peerId }), [])
    })

    it('keeps a tombstone while every member that held it dies, for no longer than 30 days', async () => {
      const simulation = await ringOf(12)
      const owner = simulation.peers[0]!
      const announceKey = simulatedAnnounceKey(simulation.random)
      const key = positionFromBytes(announceKey.dhtKey)
      const issued = simulation.clock.now() - TOMBSTONE_TTL + 20 * MINUTE
      const signed = await signTombstone({ sequence: issued, issued }, owner.signer, announceKey)
      await simulation.clock.until(owner.node.publisher.publishTombstone(signed).settled(never))
      const holders = simulation.trueOwners(key, 4).filter(peer => peer !== owner)
      for (const holder of holders) simulation.crash(holder)
      await simulation.clock.run(2 * MINUTE)
      const find = async () =>
        (await simulation.clock.until(owner.node.findRecords(key, { signal: never }))).tombstones
      assert.equal((await find()).length, 1)
      await simulation.clock.run(20 * MINUTE)
      assert.deepEqual(await find(), [])
    })

    it('goes above a sequence that the ring knows when its own clock went back', async () => {
      const simulation = await ringOf(5)
      const by = simulation.peers[0]!
      const { publication, announceKey } = simulation.publish(by)
      await simulation.clock.until(publication.settled(never))
      const key = positionFromBytes(announceKey.dhtKey)
      const before = simulation.trueOwners(key, 1)[0]!.node.store.get(key)[0]!.read.sequence
      const { now } = simulation.clock
      simulation.clock.now = () => now.call(simulation.clock) - 3_600_000
      publication.stop()
      const again = by.node.publisher.publish({ announceKey, chunkCount: 8, ranges: [[0, 2]] })
      await simulation.clock.until(again.settled(never))
      const after = simulation.trueOwners(key, 1)[0]!.node.store.get(key)[0]!.read.sequence
      assert.ok(after > before)
    })
  })

  describe('leaving', () => {
    it('hands over what it owned, and its neighbours close the gap at once', async () => {
      const simulation = await ringOf(12)
      const publisher = simulation.make({ stay: false })
      await simulation.clock.until(simulation.join(publisher, simulation.peers[0]))
      const { publication, announceKey } = simulation.publish(publisher)
      await simulation.clock.until(publication.settled(never))
      const key = positionFromBytes(announceKey.dhtKey)
      const [owner, next] = simulation.trueOwners(key, 2)
      await simulation.clock.until(simulation.leave(owner!))
      assert.equal(next!.node.store.get(key).length, 1)
      await simulation.clock.run(1_000)
      assert.ok(simulation.members.every(({ node }) => node.ring.successors.first?.peerId !== owner!.peerId))
    })

    it('takes no longer than it is given', async () => {
      const simulation = await ringOf(12)
      const peer = simulation.peers[0]!
      simulation.publish(peer)
      await simulation.clock.run(5_000)
      const others = simulation.peers.filter(other => other !== peer)
      for (const other of others) replaceHandler(other, 'store', () => new Promise(() => undefined))
      const controller = new AbortController()
      simulation.clock.after(2_000, () => controller.abort(new Error('time is up')))
      const startedAt = simulation.clock.monotonic()
      await simulation.clock.until(peer.node.leave(controller.signal))
      assert.ok(simulation.clock.monotonic() - startedAt <= 2_100)
      assert.equal(peer.node.isJoined, false)
    })
  })

  it('looks for fingers at the pace of its rounds, however often its neighbours ask for one', async () => {
    const simulation = await ringOf(20)
    const [peer, ...others] = simulation.peers
    assert(peer)
    await simulation.clock.run(2 * MINUTE)
    let asked = 0
    for (const other of others) {
      const { next } = other.node.handlers
      replaceHandler(other, 'next', (caller, request, signal) => {
        if (caller.peerId === peer.peerId) asked++
        return next(caller, request, signal)
      })
    }
    for (let wish = 0; wish < 20; wish++) {
      peer.node.stabilizer.poke()
      await simulation.clock.run(500)
    }
    assert.ok(asked < 20, `asked ${asked} times in 10 s`)
  })

  it('finds a successor before it in the ring whose predecessor died in the same moment', async () => {
    const simulation = await ringOf(16)
    const [first, second, third] = simulation.members
    simulation.crash(first!)
    simulation.crash(second!)
    await simulation.clock.run(10_000)
    const last = simulation.members.at(-1)!
    assert.equal(last.node.ring.successors.first?.peerId, third!.peerId)
    assert.equal(third!.node.ring.predecessor?.peerId, last.peerId)
    assert.ok(distance(last.position, third!.position) > 0n)
  })
})
