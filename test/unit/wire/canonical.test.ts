import assert from 'node:assert/strict'
import { decodeCanonical, encodeCanonical } from '../../../src/peer/wire/canonical.ts'

const LIMIT = { maxBytes: 1024 }

describe('Canonical encoding', () => {
  it('gives one encoding for one value, whatever the order of its fields', () => {
    const left = encodeCanonical({ b: 1, a: [true, null], long: 'x' })
    const right = encodeCanonical({ long: 'x', a: [true, null], b: 1 })
    assert.deepEqual(left, right)
    assert.deepEqual(decodeCanonical(left, LIMIT), { a: [true, null], b: 1, long: 'x' })
  })

  for (const [what, hex] of [
    ['fields out of order', 'a2616201616101'],
    ['a field twice', 'a2616101616102'],
    ['a number longer than needed', 'a161611801'],
    ['an indefinite list', 'a161619fff'],
    ['bytes left over', 'a000'],
    ['a cut', 'a161']
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodeCanonical(Buffer.from(hex, 'hex'), LIMIT), { code: 'FRAME_INVALID' })
    })
  }

  it('refuses what is over the limit', () => {
    const bytes = encodeCanonical({ text: 'x'.repeat(100) })
    assert.throws(() => decodeCanonical(bytes, { maxBytes: bytes.length - 1 }), { code: 'FRAME_TOO_LARGE' })
    decodeCanonical(bytes, { maxBytes: bytes.length })
  })

  it('refuses critical extensions, and ignores an empty list of them', () => {
    const withCritical = encodeCanonical({ critical: ['x'] })
    assert.throws(() => decodeCanonical(withCritical, LIMIT), { code: 'UPGRADE_NEEDED' })
    decodeCanonical(encodeCanonical({ critical: [] }), LIMIT)
  })
})
