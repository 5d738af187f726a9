import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { silentLogger } from '../../../src/peer/log.ts'
import { dialableHolder } from '../../../src/peer/node/link-holders.ts'

const PEER = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'
const OTHER = 'QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ'

describe('a holder that another peer tells of', () => {
  const table: { title: string; addresses: string[]; dialled: string[] }[] = [
    {
      title: 'is dialled at its public addresses, with its id at the end or not',
      addresses: ['/ip4/8.8.4.4/tcp/4101', `/ip6/2600::1/tcp/4101/p2p/${PEER}`],
      dialled: [`/ip4/8.8.4.4/tcp/4101/p2p/${PEER}`, `/ip6/2600::1/tcp/4101/p2p/${PEER}`]
    },
    {
      title: 'is not dialled in a private network that this machine is not in',
      addresses: ['/ip4/10.253.252.251/tcp/22', '/ip4/192.168.253.1/tcp/80', '/ip4/8.8.4.4/tcp/4101'],
      dialled: [`/ip4/8.8.4.4/tcp/4101/p2p/${PEER}`]
    },
    {
      title: 'is not dialled on this machine if it claims to be elsewhere as well',
      addresses: ['/ip4/127.0.0.1/tcp/631', '/ip4/8.8.4.4/tcp/4101'],
      dialled: [`/ip4/8.8.4.4/tcp/4101/p2p/${PEER}`]
    },
    {
      title: 'is left out with addresses of another peer, or that cannot be read',
      addresses: [`/ip4/8.8.4.4/tcp/4101/p2p/${OTHER}`, 'nonsense', '/ip4/999.1.1.1/tcp/4101', ''],
      dialled: []
    }
  ]
  for (const { title, addresses, dialled } of table) {
    it(title, async () => {
      const holders = await dialableHolder({ peerId: PEER, addresses }, silentLogger)
      assert.deepEqual(
        holders.flatMap(holder => holder.addresses),
        dialled
      )
    })
  }
})
