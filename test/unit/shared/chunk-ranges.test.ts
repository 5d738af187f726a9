import assert from 'node:assert/strict'
import fc from 'fast-check'
import { chunkColumns, countStates } from '../../../src/shared/chunk-columns.ts'
import { chunkStateAt, groupChunks, holdersAt } from '../../../src/shared/chunk-ranges.ts'

const anyMap = fc
  .array(fc.record({ state: fc.constantFrom('0', '1', '2', '3'), holders: fc.constantFrom('0', '1', 'z') }), {
    maxLength: 600
  })
  .map(chunks => ({
    states: chunks.map(({ state }) => state).join(''),
    holders: chunks.map(({ holders }) => holders).join('')
  }))

describe('grouping chunks into ranges', () => {
  it('reads states and holders digit by digit', () => {
    const map = { states: '0123', holders: '0az9' }
    assert.deepEqual(
      [0, 1, 2, 3, 4].map(index => chunkStateAt(map, index)),
      ['missing', 'available', 'requested', 'here', 'missing']
    )
    assert.deepEqual(
      [0, 1, 2, 3, 4].map(index => holdersAt(map, index)),
      [0, 10, 35, 9, 0]
    )
  })

  it('joins neighbours of one state and one number of holders', () => {
    const ranges = groupChunks({ states: '3331102', holders: '2221100' })
    assert.deepEqual(
      ranges.map(({ first, last, state, mostHolders }) => [first, last, state, mostHolders]),
      [
        [0, 2, 'here', 2],
        [3, 4, 'available', 1],
        [5, 5, 'missing', 0],
        [6, 6, 'requested', 0]
      ]
    )
  })

  it('gives up the number of holders first when there are too many ranges', () => {
    const ranges = groupChunks({ states: '111133', holders: '121222' }, 3)
    assert.deepEqual(
      ranges.map(({ first, last, fewestHolders, mostHolders }) => [first, last, fewestHolders, mostHolders]),
      [
        [0, 3, 1, 2],
        [4, 5, 2, 2]
      ]
    )
  })

  it('then joins different states, and counts what is here', () => {
    const ranges = groupChunks({ states: '10101030', holders: '11111111' }, 2)
    assert.deepEqual(
      ranges.map(({ first, last, state, here }) => [first, last, state, here]),
      [
        [0, 3, 'mixed', 0],
        [4, 7, 'mixed', 1]
      ]
    )
  })

  it('has nothing to group in an unknown video', () =>
    assert.deepEqual(groupChunks({ states: '', holders: '' }), []))

  it('covers every chunk once, in order, within the limit', () => {
    fc.assert(
      fc.property(anyMap, fc.integer({ min: 1, max: 50 }), (map, limit) => {
        const ranges = groupChunks(map, limit)
        assert.ok(ranges.length <= limit)
        const covered = ranges.flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (_, index) => first + index)
        )
        assert.deepEqual(
          covered,
          [...map.states].map((_, index) => index)
        )
        const here = ranges.reduce((sum, range) => sum + range.here, 0)
        assert.equal(here, countStates(map).here)
      })
    )
  })
})

describe('dividing chunks into columns', () => {
  it('gives each chunk a column when there is room', () => {
    assert.deepEqual(
      chunkColumns({ states: '301', holders: '111' }, 100).map(({ state }) => state),
      ['here', 'missing', 'available']
    )
  })

  it('shows the least of the states in a column', () => {
    const columns = chunkColumns({ states: '33332333', holders: '11111111' }, 2)
    assert.deepEqual(
      columns.map(({ state, here }) => [state, here]),
      [
        ['here', 1],
        ['requested', 0.75]
      ]
    )
  })

  it('covers every chunk once', () => {
    fc.assert(
      fc.property(anyMap, fc.integer({ min: 1, max: 300 }), (map, count) => {
        const columns = chunkColumns(map, count)
        assert.equal(columns.length, Math.min(count, map.states.length))
        let next = 0
        for (const { first, last } of columns) {
          assert.equal(first, next)
          assert.ok(last >= first)
          next = last + 1
        }
        assert.equal(next, map.states.length)
      })
    )
  })
})
