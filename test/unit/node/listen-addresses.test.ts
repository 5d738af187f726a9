import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import {
  listenMultiaddrs,
  listensOnLoopbackOnly,
  requireFreePort
} from '../../../src/peer/node/listen-addresses.ts'

describe('listen addresses', () => {
  it('means all interfaces of both families when no host is named', () => {
    assert.deepEqual(listenMultiaddrs([], 4101), ['/ip4/0.0.0.0/tcp/4101', '/ip6/::/tcp/4101'])
  })

  it('names one address a host', () => {
    assert.deepEqual(listenMultiaddrs(['127.0.0.1', '::1', 'localhost'], 7), [
      '/ip4/127.0.0.1/tcp/7',
      '/ip6/::1/tcp/7',
      '/ip4/127.0.0.1/tcp/7'
    ])
  })

  it('knows a peer that only this machine reaches', () => {
    assert.equal(listensOnLoopbackOnly(['127.0.0.1', '::1']), true)
    assert.equal(listensOnLoopbackOnly(['127.0.0.1', '192.0.2.7']), false)
    assert.equal(listensOnLoopbackOnly([]), false)
  })

  it('says which port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await assert.rejects(requireFreePort(['127.0.0.1'], port), {
      code: 'PORT_IN_USE',
      message: new RegExp(String(port))
    })
    server.close()
    await once(server, 'close')
    await requireFreePort(['127.0.0.1'], port)
  })

  it('says which address is not of this machine', async () => {
    await assert.rejects(requireFreePort(['203.0.113.9'], 4101), {
      code: 'HOST_UNAVAILABLE',
      message: /203\.0\.113\.9/
    })
  })
})
