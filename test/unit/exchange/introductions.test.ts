import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import {
  type IntroducedPeer,
  Introductions,
  MAX_INTRODUCED
} from '../../../src/peer/exchange/introductions.ts'
import { seededRandom } from '../download/seeded-random.ts'

const ADDRESS = '/ip4/192.0.2.7/tcp/4101'

function guest(peerId: string, addresses = [ADDRESS]) {
  const met: string[] = []
  const introduce = (peers: readonly IntroducedPeer[]): void => {
    met.push(...peers.map(peer => peer.peerId))
  }
  return { peerId, addresses, introduce, met }
}

describe('introductions', () => {
  it('tell each of the other, whoever came first', () => {
    const introductions = new Introductions(seededRandom(1))
    const [a, b] = [guest('a'), guest('b')]
    introductions.enter(a)
    introductions.enter(b)
    assert.deepEqual([a.met, b.met], [['b'], ['a']])
  })

  it('name nobody who cannot be dialled, but tell him of the others', () => {
    const introductions = new Introductions(seededRandom(1))
    const [a, hidden, c] = [guest('a'), guest('hidden', []), guest('c')]
    for (const each of [a, hidden, c]) introductions.enter(each)
    assert.deepEqual([a.met, hidden.met, c.met], [['c'], ['a', 'c'], ['a']])
  })

  it('name nobody who has gone, and nobody to himself', () => {
    const introductions = new Introductions(seededRandom(1))
    const [a, b, again] = [guest('a'), guest('b'), guest('b')]
    const leave = introductions.enter(a)
    leave()
    introductions.enter(b)
    introductions.enter(again)
    assert.deepEqual([a.met, b.met, again.met], [[], [], []])
  })

  it('stay few when a crowd fetches', () => {
    const introductions = new Introductions(seededRandom(1))
    const crowd = Array.from({ length: 100 }, (_, at) => guest(`peer ${at}`))
    for (const each of crowd) introductions.enter(each)
    assert.equal(crowd.at(-1)?.met.length, MAX_INTRODUCED)
    const told = crowd.reduce((sum, { met }) => sum + met.length, 0)
    assert.ok(told <= 100 * 2 * MAX_INTRODUCED, `${told} introductions`)
  })
})
