import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import fc from 'fast-check'
import { idOf } from '../../src/peer/content/content-id.ts'
import { dialableLinkAddresses } from '../../src/peer/content/dialable-addresses.ts'
import {
  formatEditorLink,
  formatLink,
  MAX_LINK_ADDRESSES,
  parseIdOrLink
} from '../../src/peer/content/link.ts'
import { PeerError } from '../../src/peer/errors.ts'
import { expectOnlyPeerErrors } from './hostile-bytes.ts'

const PEER = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'

const ids = fc.uint8Array({ maxLength: 8 }).map(idOf)
const ports = fc.integer({ min: 1, max: 65_535 })
const hosts = fc.oneof(
  fc.ipV4().map(ip => `/ip4/${ip}`),
  fc.ipV6().map(ip => `/ip6/${ip}`),
  fc.domain().map(name => `/dns4/${name}`)
)
const addresses = fc.tuple(hosts, ports).map(([host, port]) => `${host}/tcp/${port}/p2p/${PEER}`)
const links = fc.record(
  { id: ids, addresses: fc.uniqueArray(addresses, { maxLength: MAX_LINK_ADDRESSES }) },
  { noNullPrototype: true }
)

const pieces = fc.constantFrom(
  'chordcast:',
  'vscode://chordcast.chordcast/fetch/',
  idOf(new Uint8Array(0)),
  '?via=',
  '&via=',
  '/ip4/127.0.0.1',
  '/tcp/4001',
  '/dns4/%2f',
  `/p2p/${PEER}`,
  '/p2p-circuit',
  '/unix/a',
  '%',
  '%3D',
  '#',
  '<',
  '>',
  '`',
  ' ',
  '\0',
  '\ud800'
)

describe('Fuzz: links', function () {
  this.timeout(60_000)
  it('reads back every link that it writes', () => {
    fc.assert(
      fc.property(links, link => {
        assert.deepEqual(parseIdOrLink(formatLink(link)), link)
        assert.deepEqual(parseIdOrLink(` <${formatEditorLink(link, 'vscode-insiders')}> `), link)
      }),
      { numRuns: 2000 }
    )
  })

  it('answers any text with a link or a plain refusal', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(pieces, { maxLength: 12 }).map(parts => parts.join(''))
    )
    return fc.assert(
      fc.asyncProperty(texts, async text => {
        const outcome = await expectOnlyPeerErrors(async () => parseIdOrLink(text))
        if (outcome instanceof PeerError) {
          assert.ok(['ID_INVALID', 'LINK_INVALID'].includes(outcome.code))
          return
        }
        assert.ok(outcome.addresses.length <= MAX_LINK_ADDRESSES)
        assert.ok(dialableLinkAddresses(outcome.addresses, networkInterfaces()).length <= MAX_LINK_ADDRESSES)
        assert.deepEqual(parseIdOrLink(formatLink(outcome)), outcome)
      }),
      { numRuns: 4000 }
    )
  })

  it('takes no longer for hostile repetition', async () => {
    for (const unit of ['<', '"', 'a://', '?via=', '/ip4/1.1.1.1', '%3D', ' ', '\n', 'chordcast:']) {
      const started = performance.now()
      await expectOnlyPeerErrors(async () => parseIdOrLink(unit.repeat(100_000)))
      assert.ok(performance.now() - started < 2000, `slow for ${JSON.stringify(unit)}`)
    }
  })

  it('chooses addresses to dial from among those given', () => {
    fc.assert(
      fc.property(fc.array(addresses, { maxLength: 4 }), given => {
        const dialled = dialableLinkAddresses(given, {})
        assert.ok(dialled.every(address => given.includes(address)))
        // Without interfaces there is no private network to be on.
        assert.ok(dialled.every(address => !/^\/ip4\/(10|192\.168|169\.254|0)\./.test(address)))
      }),
      { numRuns: 2000 }
    )
  })
})
