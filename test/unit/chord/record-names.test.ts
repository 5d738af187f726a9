import assert from 'node:assert/strict'
import fc from 'fast-check'
import { RecordNames } from '../../../src/peer/chord/record/record-names.ts'
import { isInRange, positionToHex, type RingPosition } from '../../../src/peer/chord/ring-position.ts'

const LAST = (1n << 256n) - 1n

function nameOf(key: RingPosition, author: string): string {
  return `${positionToHex(key)}/provider/${author}`
}

function namesOf(all: readonly string[]): RecordNames {
  const names = new RecordNames()
  for (const name of all) names.add(name)
  return names
}

// Few keys, so that bounds hit them, and the ends of the ring.
const position = fc.oneof(fc.bigInt({ min: 0n, max: 9n }), fc.bigInt({ min: LAST - 9n, max: LAST }))
const names = fc.uniqueArray(
  fc.tuple(position, fc.constantFrom('a', 'b')).map(([key, author]) => ({ key, name: nameOf(key, author) })),
  { selector: ({ name }) => name, maxLength: 30 }
)

describe('RecordNames', () => {
  it('finds the names of any arc, in order, as a look at each of them would', () => {
    fc.assert(
      fc.property(names, position, position, (all, from, to) => {
        const expected = all.filter(({ key }) => isInRange(from, key, to)).map(({ name }) => name)
        const sorted = namesOf(all.map(({ name }) => name))
        assert.deepEqual([...sorted.within({ from, to })], expected.sort())
      }),
      { numRuns: 500 }
    )
  })

  it('goes on behind any name, one that is gone included', () => {
    fc.assert(
      fc.property(names, position, position, position, (all, from, to, at) => {
        const after = nameOf(at, 'a')
        const sorted = namesOf(all.map(({ name }) => name))
        const whole = [...sorted.within({ from, to })]
        assert.deepEqual(
          [...sorted.within({ from, to }, after)],
          whole.filter(name => name > after)
        )
      }),
      { numRuns: 500 }
    )
  })

  it('finds the names under one key, and none of its neighbours’', () => {
    const all = [5n, 6n, 7n].flatMap(key => ['a', 'b'].map(author => nameOf(key, author)))
    assert.deepEqual(namesOf(all).under(6n), [nameOf(6n, 'a'), nameOf(6n, 'b')])
    assert.deepEqual(namesOf(all).under(8n), [])
  })

  it('forgets what is deleted, and bears to be asked to forget what it does not have', () => {
    const sorted = namesOf([nameOf(1n, 'a'), nameOf(2n, 'a')])
    sorted.delete(nameOf(1n, 'a'))
    sorted.delete(nameOf(3n, 'a'))
    assert.deepEqual([...sorted.within({ from: 0n, to: 0n })], [nameOf(2n, 'a')])
    sorted.clear()
    assert.deepEqual([...sorted.within({ from: 0n, to: 0n })], [])
  })
})
