import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import type { ChunkServerInit } from '../../../src/peer/exchange/chunk-server.ts'
import type { ChunkSession } from '../../../src/peer/exchange/chunk-session.ts'
import { ExchangePair, patience } from './exchange-pair.ts'
import { FakeVideo } from './fake-video.ts'

const COUNT = 40

/** A peer that fetches: its session, what it has, and whom it was told of. */
async function receiver(pair: ExchangePair, video: FakeVideo, name: string) {
  pair.clientId = name
  const ownAddresses = (): string[] => [`/ip4/192.0.2.7/tcp/4101/p2p/${name}`]
  const session = await pair.session(video, { ownAddresses })
  const own = new FakeVideo(video.digest, COUNT, 1000, new Bitfield(COUNT))
  const met: string[] = []
  session.onPeers(peers => met.push(...peers.map(({ peerId, addresses }) => `${peerId} at ${addresses}`)))
  session.reportHave(own)
  return { session, own, met }
}

/** Resolves once every message that was sent before has been handled. */
async function roundTrip(sessions: readonly ChunkSession[]): Promise<void> {
  for (const session of sessions) await session.manifest(patience())
  for (const session of sessions) await session.manifest(patience())
}

async function setUp(init: Partial<ChunkServerInit> = {}, have = Bitfield.full(COUNT)) {
  const video = new FakeVideo('crowd', COUNT, 1000, have)
  const pair = new ExchangePair([video], init)
  const receivers = []
  for (const name of ['anna', 'ben', 'cora']) receivers.push(await receiver(pair, video, name))
  const sessions = receivers.map(({ session }) => session)
  await roundTrip(sessions)
  return { receivers, sessions }
}

describe('peers that fetch the same video', () => {
  it('are told of each other', async () => {
    const { receivers, sessions } = await setUp()
    const [anna, ben, cora] = ['anna', 'ben', 'cora'].map(
      name => `${name} at /ip4/192.0.2.7/tcp/4101/p2p/${name}`
    )
    assert.deepEqual(
      receivers.map(({ met }) => met.sort()),
      [
        [ben, cora],
        [anna, cora],
        [anna, ben]
      ]
    )
    await Promise.all(sessions.map(session => session.close()))
  })

  it('are offered different chunks, and more as they ask, within bounds as long as they hold none', async () => {
    const { sessions } = await setUp()
    const taken: number[] = []
    for (let turn = 0; turn < COUNT; turn++) {
      for (const session of sessions) {
        const next = [...(session.offered ?? [])].find(index => !taken.includes(index))
        if (next === undefined) continue
        taken.push(next)
        await session.request(next, 1000, { signal: patience() })
      }
    }
    assert.equal(taken.length, 3 * 4)
    const offered = sessions.flatMap(session => [...(session.offered ?? [])])
    assert.equal(new Set(offered).size, offered.length, 'no chunk is offered to two')
    await Promise.all(sessions.map(session => session.close()))
  })

  it('may ask for any chunk where first-copy mode is off, or the holder has a part only', async () => {
    for (const scene of [
      await setUp({ firstCopy: 'off' }),
      await setUp({}, Bitfield.fromRanges(COUNT, [[0, 39]]))
    ]) {
      assert.deepEqual(
        scene.sessions.map(({ offered }) => offered),
        [undefined, undefined, undefined]
      )
      await Promise.all(scene.sessions.map(session => session.close()))
    }
  })

  it('are given a chunk that was offered to another: a player may wait for it', async () => {
    const { sessions } = await setUp()
    const [anna, ben] = sessions
    const [index] = ben?.offered ?? []
    assert.ok(anna && index !== undefined)
    assert.equal((await anna.request(index, 1000, { signal: patience() })).length, 1000)
    await Promise.all(sessions.map(session => session.close()))
  })
})
