import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { peerError } from './signers.ts'

const setOf = (length: number, indices: number[]): Bitfield => {
  const bitfield = new Bitfield(length)
  for (const index of indices) bitfield.add(index)
  return bitfield
}

describe('Bitfield', () => {
  it('counts each chunk once', () => {
    const bitfield = new Bitfield(10)
    assert.equal(bitfield.add(3), true)
    assert.equal(bitfield.add(3), false)
    assert.equal(bitfield.size, 1)
    assert.equal(bitfield.delete(3), true)
    assert.equal(bitfield.delete(3), false)
    assert.equal(bitfield.size, 0)
  })

  it('knows what is there, what is missing and when it is full', () => {
    const bitfield = setOf(10, [0, 1, 9])
    assert.deepEqual([...bitfield], [0, 1, 9])
    assert.deepEqual([...bitfield.missing()], [2, 3, 4, 5, 6, 7, 8])
    assert.deepEqual([...bitfield.missing(5, 99)], [5, 6, 7, 8])
    assert.equal(bitfield.isFull, false)
    assert.equal(Bitfield.full(10).isFull, true)
    assert.equal(new Bitfield(0).isFull, true)
    assert.equal(bitfield.has(10), false)
    assert.throws(() => bitfield.add(10), RangeError)
  })

  it('combines two sets without changing them', () => {
    const a = setOf(20, [1, 2, 3, 19])
    const b = setOf(20, [2, 3, 4])
    assert.deepEqual([...a.and(b)], [2, 3])
    assert.deepEqual([...a.without(b)], [1, 19])
    assert.equal(a.size, 4)
    assert.throws(() => a.and(new Bitfield(21)), RangeError)
  })

  it('writes the first chunk into the highest bit', () => {
    assert.deepEqual(setOf(12, [0, 7, 8]).toBytes(), Uint8Array.of(0b1000_0001, 0b1000_0000))
  })

  it('refuses bytes of a wrong length and bits beyond the end', () => {
    assert.throws(() => Bitfield.fromBytes(12, new Uint8Array(1)), peerError('PROTOCOL_VIOLATION'))
    assert.throws(() => Bitfield.fromBytes(12, new Uint8Array(3)), peerError('PROTOCOL_VIOLATION'))
    assert.throws(() => Bitfield.fromBytes(12, Uint8Array.of(0, 0b1000)), peerError('PROTOCOL_VIOLATION'))
  })

  it('refuses ranges that are out of order, touching, empty or out of bounds', () => {
    const wrong: [number, number][][] = [
      [[5, 5]],
      [[5, 4]],
      [[-1, 2]],
      [[0, 11]],
      [[0.5, 2]],
      [
        [0, 2],
        [2, 4]
      ],
      [
        [5, 6],
        [0, 1]
      ]
    ]
    for (const ranges of wrong) {
      assert.throws(() => Bitfield.fromRanges(10, ranges), peerError('PROTOCOL_VIOLATION'))
    }
  })

  it('keeps the longest ranges where a record has room for a few', () => {
    const bitfield = setOf(20, [0, 2, 3, 4, 8, 9, 15])
    assert.deepEqual(bitfield.toRanges(), [
      [0, 1],
      [2, 5],
      [8, 10],
      [15, 16]
    ])
    assert.deepEqual(bitfield.toRanges(2), [
      [2, 5],
      [8, 10]
    ])
  })

  it('survives the way through bytes and ranges', () => {
    const sets = fc
      .integer({ min: 1, max: 300 })
      .chain(length =>
        fc.tuple(fc.constant(length), fc.uniqueArray(fc.nat(length - 1), { maxLength: length }))
      )
    fc.assert(
      fc.property(sets, ([length, indices]) => {
        const bitfield = setOf(length, indices)
        const expected = [...indices].sort((a, b) => a - b)
        assert.deepEqual([...Bitfield.fromBytes(length, bitfield.toBytes())], expected)
        assert.deepEqual([...Bitfield.fromRanges(length, bitfield.toRanges())], expected)
        assert.equal(Bitfield.fromBytes(length, bitfield.toBytes()).size, indices.length)
      }),
      { numRuns: 500 }
    )
  })
})
