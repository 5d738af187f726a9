import assert from 'node:assert/strict'
import {
  countOf,
  describeAddress,
  displayName,
  formatBytes,
  formatRate,
  formatTime,
  percentOf,
  shortPeerId
} from '../../../src/shared/format.ts'

describe('formatting', () => {
  const sizes: [number, string][] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KB'],
    [1536, '1.5 KB'],
    [300 * 1024 * 1024, '300 MB'],
    [64 * 1024 ** 3, '64 GB'],
    [-5, '0 B']
  ]
  for (const [bytes, expected] of sizes) {
    it(`writes ${bytes} bytes as ${expected}`, () => assert.equal(formatBytes(bytes), expected))
  }

  it('writes rates', () => assert.equal(formatRate(3.2 * 1024 * 1024), '3.2 MB/s'))

  const times: [number, string][] = [
    [0, '0:00'],
    [7.9, '0:07'],
    [754, '12:34'],
    [3723, '1:02:03'],
    [Number.NaN, '0:00'],
    [Number.POSITIVE_INFINITY, '0:00']
  ]
  for (const [seconds, expected] of times) {
    it(`writes ${seconds} seconds as ${expected}`, () => assert.equal(formatTime(seconds), expected))
  }

  it('says 100 percent only when complete', () => {
    assert.equal(percentOf(1999, 2000), 99)
    assert.equal(percentOf(2000, 2000), 100)
    assert.equal(percentOf(0, 0), 0)
  })

  it('counts in words', () => {
    assert.equal(countOf(1, 'peer'), '1 peer')
    assert.equal(countOf(0, 'peer'), '0 peers')
  })

  it('shortens peer ids to their end, where they differ', () => {
    assert.equal(shortPeerId('QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'), '…ojWnPbdG')
    assert.equal(shortPeerId('short'), 'short')
  })

  const addresses: [string, string][] = [
    ['/ip4/192.168.1.4/tcp/4001/p2p/QmX', '192.168.1.4:4001'],
    ['/ip6/::1/tcp/4001/p2p/QmX', '[::1]:4001'],
    ['/dns4/peer.example/tcp/443/tls/ws/p2p/QmX', 'peer.example:443'],
    ['/ip4/10.0.0.1/tcp/4001/p2p/QmR/p2p-circuit/p2p/QmX', '10.0.0.1:4001 (relay)'],
    ['/memory/1', '/memory/1']
  ]
  for (const [address, expected] of addresses) {
    it(`reads ${address} as ${expected}`, () => assert.equal(describeAddress(address), expected))
  }

  it('makes names of others harmless for one line', () => {
    assert.equal(displayName('a\nb\u202egpj.mp4'), 'a�b�gpj.mp4')
    assert.equal(displayName('Aufnahme 🎬.mp4'), 'Aufnahme 🎬.mp4')
    assert.equal(displayName('x'.repeat(500)).length, 200)
  })
})
