import assert from 'node:assert/strict'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { decodeHint, encodeHint, type Hint, heldOf, MAX_HINT_BYTES } from '../../../src/peer/gossip/hint.ts'
import { MAX_SEALED_HINT_BYTES, openHint, sealHint } from '../../../src/peer/gossip/sealed-hint.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { encodeCanonical } from '../../../src/peer/wire/canonical.ts'
import { AUTHOR, addressOf, HINT_KEY, OTHER, sampleHint } from './sample-hint.ts'

const code = (expected: string) => (error: { code?: string }) => error.code === expected

describe('A hint', () => {
  it('comes out of its encoding as it went in', () => {
    const question: Hint = { ...sampleHint(), wanted: [[5, 9]] }
    for (const hint of [
      sampleHint(),
      question,
      { ...question, wanted: [] },
      { ...sampleHint(), leaving: true }
    ]) {
      assert.deepEqual(decodeHint(encodeHint(hint), AUTHOR), hint)
    }
  })

  it('leaves out addresses that are too long, and those beyond the fourth', () => {
    const long = `/dns4/${'x'.repeat(200)}/tcp/1/p2p/${AUTHOR}`
    const addresses = [long, ...[1, 2, 3, 4, 5].map(port => addressOf(AUTHOR, port))]
    const read = decodeHint(encodeHint({ ...sampleHint(), addresses }), AUTHOR)
    assert.deepEqual(read.addresses, addresses.slice(1, 5))
  })

  it('is small even when it says as much as it may', () => {
    const ranges = Array.from({ length: 64 }, (_, at): [number, number] => [at * 16_000, at * 16_000 + 8_000])
    const hint = {
      ...sampleHint(),
      count: 1 << 20,
      have: 1 << 20,
      ranges,
      wanted: ranges,
      addresses: [1, 2, 3, 4].map(port => addressOf(AUTHOR, port).padStart(128, '/'))
    }
    assert.ok(encodeHint(hint).length < MAX_HINT_BYTES)
  })

  const broken: [string, Record<string, unknown>][] = [
    ['more chunks held than there are', { have: 101 }],
    [
      'ranges out of order',
      {
        ranges: [
          [5, 6],
          [1, 2]
        ]
      }
    ],
    [
      'ranges that touch',
      {
        ranges: [
          [1, 2],
          [2, 3]
        ]
      }
    ],
    ['an empty range', { ranges: [[3, 3]] }],
    ['a range beyond the end', { ranges: [[99, 101]] }],
    ['more gained than held', { have: 2, ranges: [[0, 3]] }],
    [
      'more than 64 ranges',
      { have: 100, count: 1000, ranges: Array.from({ length: 65 }, (_, at) => [at * 2, at * 2 + 1]) }
    ],
    ['chunks wanted that do not exist', { wanted: [[90, 101]] }],
    ['an address of another peer', { addresses: [addressOf(OTHER)] }],
    ['an address without a peer', { addresses: ['/ip4/10.0.0.1/tcp/1'] }],
    ['an address that is none', { addresses: ['hello'] }],
    ['a sequence below 1', { sequence: 0 }],
    ['no load limit', { limit: 0 }]
  ]
  for (const [what, changed] of broken) {
    it(`with ${what} is refused`, () => {
      const { load, ...fields } = sampleHint()
      const bytes = encodeCanonical({ version: 1, ...fields, ...load, ...changed })
      assert.throws(() => decodeHint(bytes, AUTHOR), code('FRAME_INVALID'))
    })
  }

  it('of a later version is told from a broken one', () => {
    assert.throws(
      () => decodeHint(encodeCanonical({ version: 2, news: true }), AUTHOR),
      code('UPGRADE_NEEDED')
    )
  })
})

describe('A sealed hint', () => {
  const seal = { key: HINT_KEY, author: AUTHOR }

  it('is read by who knows the ID', () => {
    assert.deepEqual(openHint(sealHint(sampleHint(), seal, systemRandom), seal), sampleHint())
  })

  it('is neither read nor made by who sees the topic alone', () => {
    const stranger = { key: new Uint8Array(32), author: AUTHOR }
    const sealed = sealHint(sampleHint(), seal, systemRandom)
    assert.throws(() => openHint(sealed, stranger), code('PROOF_INVALID'))
    assert.throws(() => openHint(sealHint(sampleHint(), stranger, systemRandom), seal), code('PROOF_INVALID'))
    assert.ok(!Buffer.from(sealed).includes('10.0.0.1'))
  })

  it('is not passed off as one of another peer', () => {
    const sealed = sealHint({ ...sampleHint(), addresses: [] }, seal, systemRandom)
    assert.throws(() => openHint(sealed, { ...seal, author: OTHER }), code('PROOF_INVALID'))
  })

  it('over the limit is refused before it is decrypted', () => {
    const sealed = new Uint8Array(MAX_SEALED_HINT_BYTES + 1)
    assert.throws(() => openHint(sealed, seal), code('FRAME_TOO_LARGE'))
    assert.throws(() => openHint(new Uint8Array(27), seal), code('PROOF_INVALID'))
  })
})

describe('What of a question is held', () => {
  const have = Bitfield.fromRanges(100, [[10, 20]])

  it('is what is asked for, everything where nothing in particular is', () => {
    assert.deepEqual(
      heldOf(
        [
          [0, 12],
          [19, 30]
        ],
        have
      ).toRanges(),
      [
        [10, 12],
        [19, 20]
      ]
    )
    assert.equal(heldOf([[50, 60]], have).size, 0)
    assert.equal(heldOf([], have).size, 10)
  })

  it('does not mind a question about more chunks than there are', () => {
    assert.equal(
      heldOf(
        [
          [0, 12],
          [200, 300]
        ],
        have
      ).size,
      2
    )
  })
})
