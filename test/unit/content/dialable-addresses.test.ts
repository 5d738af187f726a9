import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import {
  dialableLinkAddresses,
  isDialable,
  type LocalInterfaces
} from '../../../src/peer/content/dialable-addresses.ts'

const own = (address: string, prefix: number, internal = false): NetworkInterfaceInfo => {
  const shared = { address, cidr: `${address}/${prefix}`, netmask: '', mac: '', internal }
  return address.includes(':') ? { ...shared, family: 'IPv6', scopeid: 0 } : { ...shared, family: 'IPv4' }
}

const INTERFACES: LocalInterfaces = {
  lo: [own('127.0.0.1', 8, true), own('::1', 128, true)],
  eth0: [own('192.168.1.20', 24), own('fd00:1::20', 64), own('fe80::20', 64)]
}

const at = (host: string): string => `/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/4001`
const dialled = (...hosts: string[]): string[] => dialableLinkAddresses(hosts.map(at), INTERFACES)

describe('Which addresses of a link are dialled', () => {
  it('takes public ones and names', () => {
    assert.deepEqual(dialled('8.8.8.8', '2a00:1450::1'), [at('8.8.8.8'), at('2a00:1450::1')])
    const name = '/dns4/relay.example.org/tcp/443/tls/ws'
    assert.deepEqual(dialableLinkAddresses([name], INTERFACES), [name])
  })

  it('takes private ones in a subnet of this machine only', () => {
    assert.deepEqual(
      dialled('192.168.1.7', '192.168.2.7', '10.0.0.1', '172.16.0.1', '169.254.1.1', '100.64.0.1'),
      [at('192.168.1.7')]
    )
    assert.deepEqual(dialled('fd00:1::7', 'fd00:2::7', 'fe80::7'), [at('fd00:1::7'), at('fe80::7')])
  })

  it('takes loopback when the link names this machine', () => {
    assert.deepEqual(dialled('127.0.0.1', '192.168.1.20'), [at('127.0.0.1'), at('192.168.1.20')])
    assert.deepEqual(dialled('::1', 'fd00:1::20'), [at('::1'), at('fd00:1::20')])
  })

  it('takes loopback when the link names nothing else', () => {
    assert.deepEqual(dialled('127.0.0.1', '::1'), [at('127.0.0.1'), at('::1')])
    assert.deepEqual(dialled('127.9.9.9'), [at('127.9.9.9')])
  })

  it('leaves loopback out when the link names another machine', () => {
    assert.deepEqual(dialled('127.0.0.1', '192.168.1.7'), [at('192.168.1.7')])
    assert.deepEqual(dialled('127.0.0.1', '8.8.8.8'), [at('8.8.8.8')])
    const name = '/dns4/localhost/tcp/22'
    assert.deepEqual(dialableLinkAddresses([name, at('8.8.8.8')], INTERFACES), [at('8.8.8.8')])
  })

  it('sees through IPv4 written as IPv6', () => {
    assert.deepEqual(dialled('::ffff:10.0.0.1', '::ffff:127.0.0.1', '8.8.8.8'), [at('8.8.8.8')])
  })

  it('never takes what is no host', () => {
    assert.deepEqual(
      dialled('0.0.0.0', '224.0.0.1', '255.255.255.255', '192.0.2.1', '::', 'ff02::1', '64:ff9b::a00:1'),
      []
    )
  })

  it('judges a relayed address by its relay', () => {
    const peer = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'
    const relayed = (host: string): string => `${at(host)}/p2p/${peer}/p2p-circuit/p2p/${peer}`
    assert.deepEqual(dialableLinkAddresses([relayed('10.0.0.1'), relayed('8.8.8.8')], INTERFACES), [
      relayed('8.8.8.8')
    ])
  })

  it('can be asked again for what a name resolved to', () => {
    assert.equal(isDialable(at('10.0.0.1'), INTERFACES, { loopback: false }), false)
    assert.equal(isDialable(at('127.0.0.1'), INTERFACES, { loopback: false }), false)
    assert.equal(isDialable(at('127.0.0.1'), INTERFACES, { loopback: true }), true)
  })
})
