import assert from 'node:assert/strict'
import * as v from 'valibot'
import {
  bytesOf,
  bytesUpTo,
  integer,
  listUpTo,
  parseMessage,
  textUpTo
} from '../../../src/peer/wire/message-schema.ts'

describe('Message schemas', () => {
  const schema = v.object({
    exact: bytesOf(2),
    some: bytesUpTo(3),
    count: integer(1, 5),
    name: textUpTo(3),
    list: listUpTo(integer(), 2)
  })
  const good = { exact: Uint8Array.of(1, 2), some: new Uint8Array(), count: 5, name: 'abc', list: [1, 2] }

  it('take what fits', () => {
    assert.deepEqual(parseMessage(schema, good), good)
  })

  for (const [field, value] of [
    ['exact', new Uint8Array(3)],
    ['exact', '12'],
    ['some', new Uint8Array(4)],
    ['count', 0],
    ['count', 6],
    ['count', 1.5],
    ['count', Number.NaN],
    ['name', 'abcd'],
    ['list', [1, 2, 3]],
    ['list', ['1']],
    ['name', undefined]
  ] as const) {
    it(`refuse ${String(value)} for ${field} and name the field`, () => {
      assert.throws(() => parseMessage(schema, { ...good, [field]: value }), {
        code: 'FRAME_INVALID',
        message: new RegExp(`\\(${field}`)
      })
    })
  }
})
