import assert from 'node:assert/strict'
import { digestOf, parseId } from '../../../src/peer/content/content-id.ts'
import { formatEditorLink, formatLink, parseIdOrLink } from '../../../src/peer/content/link.ts'
import { peerError } from './signers.ts'

const ID = 'bafyreifn4p2hyvlambe5ue2bnqigexm3tkkipn6ktvaobj3i2p7db3vqka'
const PEER = 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N'
const RELAY = '12D3KooWLqLxEfJ9nDdEe8Kh8PFvNPQRYDQBwyL7CMM7HhVd5LsX'
const LAN = `/ip4/192.168.1.7/tcp/4001/p2p/${PEER}`
const V6 = `/ip6/2001:db8::7/tcp/4001/p2p/${PEER}`
const RELAYED = `/dns4/relay.example.org/tcp/443/tls/ws/p2p/${RELAY}/p2p-circuit/p2p/${PEER}`

describe('IDs', () => {
  it('accepts an ID with space around it and in capitals', () => {
    assert.equal(parseId(`  ${ID}\n`), ID)
    assert.equal(parseId(ID.toUpperCase()), ID)
    assert.equal(digestOf(ID.toUpperCase()), digestOf(ID))
  })

  const wrong: [what: string, text: string][] = [
    ['nothing', ''],
    ['a word', 'hello'],
    ['a cut ID', ID.slice(0, -1)],
    ['an ID and more', `${ID}a`],
    ['a mistyped ID that is no base32', ID.replace('f', '1')],
    ['a CIDv0', PEER],
    ['a raw CID', 'bafkreifn4p2hyvlambe5ue2bnqigexm3tkkipn6ktvaobj3i2p7db3vqka'],
    ['the same CID in another base', 'zdpuAsvxFUZ8AkQmQVGQcnQnBJqXJBoJoLqgT6jPVxoFLzUvR'],
    ['a million letters', 'b'.repeat(1_000_000)]
  ]
  for (const [what, text] of wrong) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseId(text), peerError('ID_INVALID'))
      assert.throws(() => digestOf(text), peerError('ID_INVALID'))
    })
  }
})

describe('Links', () => {
  it('survive the way through text, in both forms', () => {
    const link = { id: ID, addresses: [LAN, V6, RELAYED] }
    assert.deepEqual(parseIdOrLink(formatLink(link)), link)
    assert.deepEqual(parseIdOrLink(formatEditorLink(link)), link)
    assert.deepEqual(parseIdOrLink(formatEditorLink(link, 'vscode-insiders')), link)
  })

  it('read like addresses', () => {
    assert.equal(formatLink({ id: ID, addresses: [LAN] }), `chordcast:${ID}?via=${LAN}`)
    assert.equal(formatEditorLink({ id: ID, addresses: [] }), `vscode://chordcast.chordcast/fetch/${ID}`)
  })

  it('carry at most four addresses', () => {
    const six = [1, 2, 3, 4, 5, 6].map(n => LAN.replace('.7/', `.${n}/`))
    assert.equal(parseIdOrLink(formatLink({ id: ID, addresses: six })).addresses.length, 4)
    const tooMany = `chordcast:${ID}?${six.map(address => `via=${address}`).join('&')}`
    assert.throws(() => parseIdOrLink(tooMany), peerError('LINK_INVALID'))
  })

  const accepted: [what: string, text: string, addresses: string[]][] = [
    ['a bare ID', ID, []],
    ['a bare ID among white space', `\t ${ID} \r\n`, []],
    ['an ID in backticks', `\`${ID}\``, []],
    ['a link in angle brackets', `<chordcast:${ID}?via=${LAN}>`, [LAN]],
    ['a link in quotes', `"chordcast:${ID}"`, []],
    ['a scheme in capitals', `CHORDCAST:${ID}`, []],
    ['two slashes after the scheme', `chordcast://${ID}/?via=${LAN}`, [LAN]],
    ['another editor', `code-oss://chordcast.chordcast/fetch/${ID}?via=${LAN}`, [LAN]],
    ['VSCodium', `vscodium://chordcast.chordcast/fetch/${ID}`, []],
    ['percent-encoding', `chordcast:${ID}?via=${encodeURIComponent(LAN)}`, [LAN]],
    ['encoded equals signs', `vscode://chordcast.chordcast/fetch/${ID}?via%3D${LAN}`, [LAN]],
    [
      'two addresses, all encoded',
      `chordcast:${ID}?${encodeURIComponent(`via=${LAN}&via=${V6}`)}`,
      [LAN, V6]
    ],
    ['parameters of others', `vscode://chordcast.chordcast/fetch/${ID}?windowId=1&via=${LAN}`, [LAN]],
    ['a fragment', `chordcast:${ID}?via=${LAN}#top`, [LAN]],
    ['an address twice', `chordcast:${ID}?via=${LAN}&via=${LAN}`, [LAN]]
  ]
  for (const [what, text, addresses] of accepted) {
    it(`may come as ${what}`, () => assert.deepEqual(parseIdOrLink(text), { id: ID, addresses }))
  }

  const broken: [what: string, via: string][] = [
    ['no multiaddr', 'hello'],
    ['no value', ''],
    ['no peer', '/ip4/192.168.1.7/tcp/4001'],
    ['a peer that is not last', `${LAN}/tcp/1`],
    ['only a peer', `/p2p/${PEER}`],
    ['an impossible address', `/ip4/300.1.1.1/tcp/4001/p2p/${PEER}`],
    ['port 0', `/ip4/192.168.1.7/tcp/0/p2p/${PEER}`],
    ['UDP', `/ip4/192.168.1.7/udp/4001/quic-v1/p2p/${PEER}`],
    ['a local socket', `/unix/var%2Frun%2Fdocker.sock/p2p/${PEER}`],
    ['a broken peer id', '/ip4/192.168.1.7/tcp/4001/p2p/QmNothing'],
    ['an address that is far too long', `/dns4/${'a'.repeat(600)}/tcp/1/p2p/${PEER}`]
  ]
  for (const [what, via] of broken) {
    it(`are refused with ${what}`, () => {
      assert.throws(() => parseIdOrLink(`chordcast:${ID}?via=${via}`), peerError('LINK_INVALID'))
    })
  }

  it('are refused without an ID, or with another address bar', () => {
    for (const text of [
      'chordcast:',
      'chordcast:?via=x',
      `https://example.org/${ID}`,
      'vscode://other.one/fetch/x'
    ]) {
      assert.throws(() => parseIdOrLink(text), peerError('ID_INVALID'))
    }
    assert.throws(() => parseIdOrLink(`chordcast:${ID}?${'a'.repeat(5000)}`), peerError('LINK_INVALID'))
  })
})
