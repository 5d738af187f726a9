import assert from 'node:assert/strict'
import { checkCbor } from '../../../src/peer/wire/cbor-check.ts'
import { decodeFrameBody } from '../../../src/peer/wire/frame-codec.ts'

const refused: [string, string][] = [
  ['nothing at all', ''],
  ['a head that is cut short', '19'],
  ['an argument that is cut short', '1901'],
  ['a text that is cut short', '6261'],
  ['an array that lacks items', '8201'],
  ['a map that lacks a value', 'a16161'],
  ['bytes left over', 'a000'],
  ['a tag', 'c11a514b67b0'],
  ['an indefinite array', '9fff'],
  ['an indefinite text', '7f6161ff'],
  ['an integer beyond 2^53', '1b0020000000000000'],
  ['a negative integer beyond 2^53', '3b0020000000000000'],
  ['a map key that is a number', 'a10102'],
  ['undefined', 'f7'],
  ['an unassigned simple value', 'f820'],
  ['a length of 2^32 items', '9b0000000100000000'],
  ['a text longer than the message', '7affffffff']
]

describe('checkCbor', () => {
  for (const [what, hex] of refused) {
    it(`refuses ${what}`, () => {
      if (hex === 'f7')
        return assert.throws(() => decodeFrameBody(Buffer.from(hex, 'hex')), { code: 'FRAME_INVALID' })
      assert.throws(() => checkCbor(Buffer.from(hex, 'hex')), { code: 'FRAME_INVALID' })
    })
  }

  it('refuses what is nested too deeply, at the limit exactly', () => {
    const nested = (depth: number): Buffer => Buffer.from(`${'81'.repeat(depth)}00`, 'hex')
    checkCbor(nested(8))
    assert.throws(() => checkCbor(nested(9)), { code: 'FRAME_INVALID' })
    assert.throws(() => checkCbor(nested(100_000)), { code: 'FRAME_INVALID' })
  })

  it('refuses more items than the limit', () => {
    const list = Buffer.concat([Buffer.from('994e21', 'hex'), Buffer.alloc(20_001)])
    assert.throws(() => checkCbor(list), { code: 'FRAME_INVALID' })
  })

  it('takes maps, lists, bytes, text, numbers, booleans and null', () => {
    checkCbor(
      Buffer.from('a66161016162206163fb3ff800000000000061644101616584f4f5f60061661b001fffffffffffff', 'hex')
    )
  })

  it('lets no field name reach a prototype', () => {
    // {"__proto__": {"polluted": 1}}
    const message = decodeFrameBody(Buffer.from('a1695f5f70726f746f5f5fa168706f6c6c7574656401', 'hex'))
    assert.equal(message.polluted, undefined)
    assert.equal(({} as Record<string, unknown>).polluted, undefined)
    assert.equal(Object.getPrototypeOf(message), Object.prototype)
  })

  it('has a message be a map', () => {
    for (const hex of ['00', '80', '4101', '6161', 'f6']) {
      assert.throws(() => decodeFrameBody(Buffer.from(hex, 'hex')), { code: 'FRAME_INVALID' })
    }
  })
})
