import assert from 'node:assert/strict'
import type { Connection } from '@libp2p/interface'
import type { ConnectionManager } from '@libp2p/interface-internal'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { libp2pDialBack } from '../../../src/peer/chord/dial-back.ts'

const CALLER = '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5'
const OTHER = '12D3KooWMyqGTJzJ1tRhX3ZvNBsVWtRrvMxKQn3pVtEFJjVSP4Ri'
const signal = () => AbortSignal.timeout(5_000)

function hostThatSees(
  observed: string,
  direction: 'inbound' | 'outbound',
  answers: (address: string) => boolean
) {
  const dialled: string[] = []
  const connection = { remoteAddr: multiaddr(observed), direction, streams: [] } as unknown as Connection
  const connectionManager = {
    getConnections: () => [connection],
    openConnection: async (address: Multiaddr, options: { force?: boolean }) => {
      assert.equal(options.force, true)
      dialled.push(address.toString())
      if (!answers(address.toString())) throw new Error('connection refused')
      return { streams: [], close: async () => undefined }
    }
  } as unknown as ConnectionManager
  return { dialled, dialBack: libp2pDialBack(connectionManager) }
}

describe('Dial-back', () => {
  it('dials the IP that the caller is seen with, and no other', async () => {
    const { dialled, dialBack } = hostThatSees(`/ip4/9.9.9.9/tcp/50000/p2p/${CALLER}`, 'inbound', () => true)
    const addresses = ['/ip4/8.8.8.8/tcp/22', '/ip4/192.168.0.5/tcp/4001', '/ip4/9.9.9.9/tcp/4001']
    assert.deepEqual(await dialBack({ peerId: CALLER }, addresses, signal()), { reached: true, reason: '' })
    assert.deepEqual(dialled, [`/ip4/9.9.9.9/tcp/4001/p2p/${CALLER}`])
  })

  it('counts private addresses for a caller on the same LAN or machine', async () => {
    const { dialled, dialBack } = hostThatSees(`/ip4/127.0.0.1/tcp/50000`, 'inbound', address =>
      address.includes('192.168')
    )
    const addresses = ['/ip4/127.0.0.1/tcp/4001', '/ip4/8.8.8.8/tcp/1', '/ip4/192.168.0.5/tcp/4001']
    assert.equal((await dialBack({ peerId: CALLER }, addresses, signal())).reached, true)
    assert.equal(dialled.length, 2)
  })

  it('says why it did not reach the caller', async () => {
    const { dialBack } = hostThatSees('/ip4/9.9.9.9/tcp/50000', 'inbound', () => false)
    const refused = await dialBack({ peerId: CALLER }, ['/ip4/9.9.9.9/tcp/4001'], signal())
    assert.deepEqual(refused, { reached: false, reason: 'connection refused' })
    const elsewhere = await dialBack({ peerId: CALLER }, ['/ip4/8.8.8.8/tcp/1', 'nonsense'], signal())
    assert.match(elsewhere.reason, /none of its addresses/)
  })

  it('takes no other peer’s address, and tries a few addresses at most', async () => {
    const { dialled, dialBack } = hostThatSees('/ip4/9.9.9.9/tcp/50000', 'inbound', () => false)
    await dialBack({ peerId: CALLER }, [`/ip4/9.9.9.9/tcp/1/p2p/${OTHER}`], signal())
    assert.deepEqual(dialled, [])
    await dialBack(
      { peerId: CALLER },
      Array.from({ length: 12 }, (_, port) => `/ip4/9.9.9.9/tcp/${port + 1}`),
      signal()
    )
    assert.equal(dialled.length, 3)
  })

  it('needs no new connection when it had dialled that address itself', async () => {
    const { dialled, dialBack } = hostThatSees(`/ip4/9.9.9.9/tcp/4001/p2p/${CALLER}`, 'outbound', () => false)
    assert.equal((await dialBack({ peerId: CALLER }, ['/ip4/9.9.9.9/tcp/4001'], signal())).reached, true)
    assert.deepEqual(dialled, [])
  })

  it('counts a relay reservation for a caller that came through a relay, and only then', async () => {
    const relayed = `/ip4/5.5.5.5/tcp/1/p2p/${OTHER}/p2p-circuit/p2p/${CALLER}`
    const through = hostThatSees(
      `/ip4/5.5.5.5/tcp/1/p2p/${OTHER}/p2p-circuit/p2p/${CALLER}`,
      'inbound',
      () => true
    )
    assert.equal((await through.dialBack({ peerId: CALLER }, [relayed], signal())).reached, true)
    const direct = hostThatSees('/ip4/9.9.9.9/tcp/50000', 'inbound', () => true)
    assert.equal((await direct.dialBack({ peerId: CALLER }, [relayed], signal())).reached, false)
  })
})
