import assert from 'node:assert/strict'
import { contactOf } from '../../../src/peer/chord/contact.ts'
import { publicRangesOf } from '../../../src/peer/chord/ip-range.ts'
import { SeededRandom } from '../../sim/chord/seeded-random.ts'
import { peerIdOf, simulatedSigner } from '../../sim/chord/simulated-keys.ts'

const PEER = peerIdOf(simulatedSigner(new SeededRandom(1)))

function rangesOf(...addresses: string[]): readonly string[] {
  return publicRangesOf(contactOf(PEER, addresses))
}

describe('Public IP ranges', () => {
  it('are the same for addresses of one /24 or one /48, and for no others', () => {
    assert.deepEqual(rangesOf('/ip4/8.8.8.8/tcp/1'), rangesOf('/ip4/8.8.8.200/tcp/2'))
    assert.notDeepEqual(rangesOf('/ip4/8.8.8.8/tcp/1'), rangesOf('/ip4/8.8.9.8/tcp/1'))
    assert.deepEqual(rangesOf('/ip6/2a00:1:2:3::1/tcp/1'), rangesOf('/ip6/2a00:1:2:ffff::9/tcp/1'))
    assert.notDeepEqual(rangesOf('/ip6/2a00:1:2:3::1/tcp/1'), rangesOf('/ip6/2a00:1:3:3::1/tcp/1'))
  })

  it('are named once for a contact with several addresses of one range', () => {
    assert.equal(rangesOf('/ip4/8.8.8.8/tcp/1', '/ip4/8.8.8.9/tcp/1', '/ip4/9.9.9.9/tcp/1').length, 2)
  })

  it('do not exist for private addresses, relays, names, and what is no address', () => {
    const relayed = `/ip4/8.8.8.8/tcp/1/p2p/${PEER}/p2p-circuit`
    const none = ['/ip4/10.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/1', '/ip6/fe80::1/tcp/1', relayed]
    assert.deepEqual(rangesOf(...none, '/dns4/example.org/tcp/1', 'nonsense', ''), [])
  })
})
