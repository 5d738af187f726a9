import assert from 'node:assert/strict'
import { parseRange, type RequestedRange } from '../../../src/peer/stream/range-header.ts'

const WHOLE: RequestedRange = { kind: 'whole' }
const NOTHING: RequestedRange = { kind: 'unsatisfiable' }
const part = (start: number, end: number): RequestedRange => ({ kind: 'part', start, end })

describe('a Range header', () => {
  const table: { header: string | undefined; byteLength?: number; expected: RequestedRange }[] = [
    { header: undefined, expected: WHOLE },
    { header: '', expected: WHOLE },
    { header: 'bytes=0-', expected: part(0, 1000) },
    { header: 'bytes=0-0', expected: part(0, 1) },
    { header: 'bytes=10-19', expected: part(10, 20) },
    { header: 'Bytes = 10 - 19', expected: part(10, 20) },
    { header: 'bytes=999-', expected: part(999, 1000) },
    { header: 'bytes=990-5000', expected: part(990, 1000) },
    { header: 'bytes=-10', expected: part(990, 1000) },
    { header: 'bytes=-5000', expected: part(0, 1000) },
    { header: 'bytes=-0', expected: NOTHING },
    { header: 'bytes=1000-', expected: NOTHING },
    { header: 'bytes=1000-2000', expected: NOTHING },
    { header: 'bytes=0-', byteLength: 0, expected: NOTHING },
    { header: 'bytes=-1', byteLength: 0, expected: NOTHING },
    { header: 'bytes=20-10', expected: NOTHING },
    { header: 'bytes=-', expected: NOTHING },
    { header: 'bytes=a-b', expected: NOTHING },
    { header: 'bytes=0-9,20-29', expected: WHOLE },
    { header: 'items=0-9', expected: WHOLE },
    { header: 'bytes=0x10-', expected: NOTHING },
    { header: 'bytes=1.5-3', expected: NOTHING },
    { header: 'bytes=9999999999999999-', expected: NOTHING },
    { header: `bytes=0-9${' '.repeat(500)}`, expected: NOTHING }
  ]
  for (const { header, byteLength = 1000, expected } of table) {
    it(`${header?.slice(0, 30) ?? 'absent'} of ${byteLength} bytes`, () => {
      assert.deepEqual(parseRange(header, byteLength), expected)
    })
  }
})
