import assert from 'node:assert/strict'
import type { networkInterfaces } from 'node:os'
import { multiaddr } from '@multiformats/multiaddr'
import { compareAddresses } from '../../../src/peer/node/address-sorter.ts'

const interfaces: ReturnType<typeof networkInterfaces> = {
  eth0: [
    {
      address: '192.168.7.20',
      netmask: '255.255.255.0',
      family: 'IPv4',
      mac: '',
      internal: false,
      cidr: '192.168.7.20/24'
    }
  ]
}

describe('dial order', () => {
  it('is this machine, same subnet, elsewhere, relay', () => {
    const relay =
      '/ip4/192.168.7.9/tcp/1/p2p/12D3KooWHk3CtPHxwpHpZB8aZ5ZbqjTnCJFcVvJFWJCzMJVXU5aW/p2p-circuit'
    const texts = [
      relay,
      '/ip4/203.0.113.5/tcp/1',
      '/ip4/192.168.7.9/tcp/1',
      '/ip4/127.0.0.1/tcp/1',
      '/dns/example.org/tcp/1'
    ]
    const addresses = texts.map(text => ({ multiaddr: multiaddr(text), isCertified: false }))
    const sorted = addresses
      .toSorted((a, b) => compareAddresses(a, b, interfaces))
      .map(a => a.multiaddr.toString())
    assert.deepEqual(sorted, [
      '/ip4/127.0.0.1/tcp/1',
      '/ip4/192.168.7.9/tcp/1',
      '/ip4/203.0.113.5/tcp/1',
      '/dns/example.org/tcp/1',
      relay
    ])
  })
})
