import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseRange } from '../../src/peer/stream/range-header.ts'

const byteLengths = fc.integer({ min: 0, max: 64 * 1024 ** 3 })
const numbers = fc.oneof(
  fc.constant(''),
  byteLengths.map(String),
  fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String)
)
const headers = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.tuple(numbers, numbers).map(([first, last]) => `bytes=${first}-${last}`),
  fc.array(fc.tuple(numbers, numbers), { maxLength: 5 }).map(ranges => {
    const parts = ranges.map(([first, last]) => `${first}-${last}`)
    return `bytes=${parts.join(',')}`
  })
)

describe('any Range header', () => {
  it('asks for bytes that exist, for everything, or for nothing', () => {
    fc.assert(
      fc.property(headers, byteLengths, (header, byteLength) => {
        const range = parseRange(header, byteLength)
        if (range.kind !== 'part') return
        assert.ok(Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end))
        assert.ok(range.start >= 0 && range.start < range.end && range.end <= byteLength)
      }),
      { numRuns: 5000, verbose: 1 }
    )
  })

  it('that is well formed is understood exactly', () => {
    const ranges = fc.tuple(
      byteLengths,
      byteLengths,
      byteLengths.filter(length => length > 0)
    )
    fc.assert(
      fc.property(ranges, ([one, other, byteLength]) => {
        const [first, last] = one < other ? [one, other] : [other, one]
        const expected =
          first < byteLength
            ? { kind: 'part', start: first, end: Math.min(last + 1, byteLength) }
            : { kind: 'unsatisfiable' }
        assert.deepEqual(parseRange(`bytes=${first}-${last}`, byteLength), expected)
      }),
      { numRuns: 2000, verbose: 1 }
    )
  })

  it('is read in time that grows with its length only', () => {
    const startedAt = performance.now()
    for (let round = 0; round < 1000; round++) parseRange(`bytes=${' '.repeat(15_000)}-`, 1000)
    assert.ok(performance.now() - startedAt < 1000)
  })
})
