import assert from 'node:assert/strict'
import { PeerError } from '../../../src/peer/errors.ts'
import { parseBootstrapAddress } from '../../../src/peer/node/bootstrap-address.ts'

describe('parseBootstrapAddress', () => {
  const readable: [string, string][] = [
    ['192.0.2.7:4101', '/ip4/192.0.2.7/tcp/4101'],
    [' 127.0.0.1:1 ', '/ip4/127.0.0.1/tcp/1'],
    ['[2001:db8::7]:4101', '/ip6/2001:db8::7/tcp/4101'],
    ['peer.example.org:65535', '/dns/peer.example.org/tcp/65535'],
    ['/ip4/192.0.2.7/tcp/4101', '/ip4/192.0.2.7/tcp/4101']
  ]
  for (const [text, expected] of readable) {
    it(`reads ${text}`, () => assert.equal(parseBootstrapAddress(text).toString(), expected))
  }

  for (const text of [
    '',
    '192.0.2.7',
    '192.0.2.7:0',
    '192.0.2.7:65536',
    ':4101',
    'a b:1',
    '/ip4/300.0.0.1/tcp/1',
    '2001:db8::7:1'
  ]) {
    it(`refuses "${text}" with the next step`, () => {
      assert.throws(
        () => parseBootstrapAddress(text),
        (error: unknown) =>
          error instanceof PeerError && error.code === 'BOOTSTRAP_INVALID' && /host:port/.test(error.message)
      )
    })
  }
})
