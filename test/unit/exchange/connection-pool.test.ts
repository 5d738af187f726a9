import assert from 'node:assert/strict'
import type { Connection, PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { describe, it } from 'mocha'
import { BanList } from '../../../src/peer/exchange/ban-list.ts'
import { ConnectionPool, type PoolNode } from '../../../src/peer/exchange/connection-pool.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { patience } from './exchange-pair.ts'
import { VirtualClock } from './virtual-clock.ts'

const PEERS = [
  'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
  'QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ',
  'QmSoLPppuBtQSGwKDZT2M73ULpjvfd3aZ6ha4oFGL1KrGM',
  '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'
] as const

interface FakeConnection {
  remotePeer: PeerId
  status: 'open' | 'closed'
  streams: { protocol: string }[]
  direction: 'inbound' | 'outbound'
  limits?: { seconds: number }
  close(): Promise<void>
  abort(): void
}

/** A libp2p node whose dials are decided by the test. */
class FakeNode {
  readonly connections: FakeConnection[] = []
  readonly dialled: string[] = []
  answer: (address: string, signal: AbortSignal) => Promise<string> = async () => PEERS[0]
  #onOpen: ((event: CustomEvent<Connection>) => void) | undefined

  add(peerId: string, direction: 'inbound' | 'outbound' = 'outbound'): FakeConnection {
    const connection: FakeConnection = {
      remotePeer: peerIdFromString(peerId),
      status: 'open',
      streams: [],
      direction,
      close: async () => {
        connection.status = 'closed'
      },
      abort: () => {
        connection.status = 'closed'
      }
    }
    this.connections.push(connection)
    this.#onOpen?.(new CustomEvent('connection:open', { detail: connection as unknown as Connection }))
    return connection
  }

  get node(): PoolNode {
    const fake = {
      peerId: peerIdFromString(PEERS[3]),
      getConnections: (peerId?: PeerId) =>
        this.connections.filter(connection => !peerId || connection.remotePeer.equals(peerId)),
      dial: async (address: Multiaddr | PeerId, { signal }: { signal: AbortSignal }) => {
        this.dialled.push(address.toString())
        return this.add(await this.answer(address.toString(), signal))
      },
      addEventListener: (_name: string, listener: (event: CustomEvent<Connection>) => void) => {
        this.#onOpen = listener
      },
      removeEventListener: () => undefined
    }
    return fake as unknown as PoolNode
  }
}

function setUp(spared: readonly string[] = [], maxConnections = 100) {
  const clock = new VirtualClock()
  const fake = new FakeNode()
  const bans = new BanList(clock)
  const pool = new ConnectionPool({
    libp2p: fake.node,
    maxConnections,
    spare: peerId => spared.includes(peerId),
    bans,
    clock,
    log: silentLogger
  })
  pool.start()
  return { clock, fake, bans, pool }
}

function addresses(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `/ip4/127.0.0.1/tcp/${at + 1000}`)
}

const options = () => ({ signal: patience() })

describe('connection pool', () => {
  it('closes what has been idle for a minute, at the next sweep', async () => {
    const { clock, fake, pool } = setUp()
    const idle = fake.add(PEERS[0])
    await clock.advance(59_999)
    assert.equal(idle.status, 'open')
    await clock.advance(30_001)
    assert.equal(idle.status, 'closed')
    assert.equal(pool.counters.swept, 1)
    assert.equal(pool.size, 0)
  })

  it('keeps connections that talk, ring neighbours, and those touched', async () => {
    const { clock, fake, pool } = setUp([PEERS[1]])
    const talking = fake.add(PEERS[0])
    talking.streams.push({ protocol: '/chordcast/chunk/1' })
    const neighbour = fake.add(PEERS[1])
    const touched = fake.add(PEERS[2])
    const gossiping = fake.add(PEERS[3])
    gossiping.streams.push({ protocol: '/meshsub/1.2.0' })
    for (let halfMinutes = 0; halfMinutes < 10; halfMinutes++) {
      await clock.advance(30_000)
      pool.touch(PEERS[2])
    }
    assert.deepEqual(
      [talking, neighbour, touched, gossiping].map(connection => connection.status),
      ['open', 'open', 'open', 'closed']
    )
    talking.streams.pop()
    await clock.advance(90_000)
    assert.equal(talking.status, 'closed')
  })

  it('uses the connection that is there, and joins dials to one peer', async () => {
    const { fake, pool } = setUp()
    const target = { peerId: PEERS[0], addresses: addresses(1) }
    const [first, second] = await Promise.all([
      pool.connect(target, options()),
      pool.connect(target, options())
    ])
    assert.equal(first, second)
    assert.equal(await pool.connect(target, options()), first)
    assert.equal(fake.dialled.length, 1)
    assert.deepEqual([pool.counters.opened, pool.counters.reused], [1, 1])
  })

  it('races at most four addresses at once; the first that answers wins', async () => {
    const { fake, pool } = setUp()
    let atOnce = 0
    let most = 0
    const aborted: string[] = []
    fake.answer = (address, signal) =>
      new Promise((resolve, reject) => {
        most = Math.max(most, ++atOnce)
        const leave = (): number => atOnce--
        if (address.endsWith('1005')) {
          leave()
          resolve(PEERS[0])
        } else if (address.endsWith('1000') || address.endsWith('1001')) {
          setImmediate(() => {
            leave()
            reject(new Error('refused'))
          })
        } else {
          signal.addEventListener('abort', () => {
            aborted.push(address)
            leave()
            reject(signal.reason)
          })
        }
      })
    const target = { peerId: PEERS[0], addresses: addresses(10) }
    const connection = await pool.connect(target, options())
    assert.equal(connection.remotePeer.toString(), PEERS[0])
    assert.equal(most, 4)
    assert.ok(fake.dialled.length < 10)
    assert.ok(aborted.length >= 2)
    assert.equal(pool.size, 1)
  })

  it('names no peer to libp2p when it dials directly, and the target through a relay', async () => {
    const { fake, pool } = setUp()
    const relay = `/ip4/10.0.0.1/tcp/1/p2p/${PEERS[2]}/p2p-circuit`
    fake.answer = () => Promise.reject(new Error('refused'))
    const target = {
      peerId: PEERS[0],
      addresses: [
        `/ip4/127.0.0.1/tcp/1/p2p/${PEERS[0]}`,
        `/ip4/127.0.0.1/tcp/2/p2p/${PEERS[1]}`,
        relay,
        'nonsense'
      ]
    }
    await assert.rejects(pool.connect(target, options()), { code: 'PEER_UNREACHABLE' })
    assert.deepEqual(fake.dialled, ['/ip4/127.0.0.1/tcp/1', `${relay}/p2p/${PEERS[0]}`])
    assert.equal(pool.counters.failed, 1)
  })

  it('closes a connection to another peer than the one it looked for', async () => {
    const { fake, pool } = setUp()
    fake.answer = async () => PEERS[1]
    const target = { peerId: PEERS[0], addresses: addresses(1) }
    await assert.rejects(pool.connect(target, options()), { code: 'PEER_UNREACHABLE' })
    assert.equal(pool.size, 0)
  })

  it('gives up a dial after ten seconds, and lets a caller give up before', async () => {
    const { clock, fake, pool } = setUp()
    fake.answer = (_address, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const target = { peerId: PEERS[0], addresses: addresses(1) }
    const giving = new AbortController()
    const impatient = pool.connect(target, { signal: giving.signal })
    const patient = pool.connect(target, options())
    giving.abort(new Error('no time'))
    await assert.rejects(impatient, /no time/)
    const outcome = assert.rejects(patient, { code: 'TIMEOUT' })
    await clock.advance(10_000)
    await outcome
  })

  it('makes room by closing the longest idle connection, or refuses', async () => {
    const { clock, fake, pool } = setUp([PEERS[2]], 2)
    const oldest = fake.add(PEERS[1])
    await clock.advance(1_000)
    fake.add(PEERS[2])
    await clock.advance(1_000)
    const connection = await pool.connect({ peerId: PEERS[0], addresses: addresses(1) }, options())
    assert.equal(oldest.status, 'closed')
    fake.connections
      .find(candidate => candidate.remotePeer.toString() === PEERS[0])
      ?.streams.push({
        protocol: '/chordcast/key/1'
      })
    await assert.rejects(pool.connect({ peerId: PEERS[3], addresses: addresses(1) }, options()), {
      code: 'BUSY'
    })
    assert.equal(connection.status, 'open')
    assert.equal(pool.counters.pruned, 2)
  })

  it('closes inbound connections beyond the cap', async () => {
    const { fake, pool } = setUp([], 1)
    const kept = fake.add(PEERS[0])
    kept.streams.push({ protocol: '/chordcast/chunk/1' })
    const refused = fake.add(PEERS[1], 'inbound')
    assert.deepEqual([kept.status, refused.status], ['open', 'closed'])
    assert.equal(pool.size, 1)
  })

  it('has nothing to do with a banned peer until the ban ends: no dial, no inbound connection', async () => {
    const { clock, fake, bans, pool } = setUp()
    bans.ban(PEERS[0], 60_000)
    const target = { peerId: PEERS[0], addresses: addresses(1) }
    await assert.rejects(pool.connect(target, options()), { code: 'PEER_UNREACHABLE' })
    assert.equal(fake.dialled.length, 0)
    assert.equal(bans.gater.denyDialPeer(peerIdFromString(PEERS[0])), true)
    assert.equal(bans.gater.denyInboundEncryptedConnection(peerIdFromString(PEERS[1])), false)
    await clock.advance(60_000)
    assert.equal(bans.gater.denyInboundEncryptedConnection(peerIdFromString(PEERS[0])), false)
    await pool.connect(target, options())
  })
})
