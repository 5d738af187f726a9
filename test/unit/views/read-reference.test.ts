import assert from 'node:assert/strict'
import { idOf } from '../../../src/peer/content/content-id.ts'
import { formatLink, parseIdOrLink } from '../../../src/peer/content/link.ts'
import { describeInput, tryParse } from '../../../src/views/commands/read-reference.ts'

const id = idOf(Uint8Array.of(1, 2, 3))
const peerId = 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'
const addresses = [`/ip4/192.168.1.4/tcp/4001/p2p/${peerId}`, `/ip4/10.0.0.7/tcp/5001/p2p/${peerId}`]

describe('what is said while an ID is typed', () => {
  it('is nothing for an ID that is right', () => {
    assert.equal(describeInput(id, parseIdOrLink), undefined)
    assert.equal(describeInput(` ${id}\n`, parseIdOrLink), undefined)
  })

  it('is which addresses a link dials, before anything is dialled', () => {
    assert.deepEqual(describeInput(formatLink({ id, addresses }), parseIdOrLink), {
      message: 'Enter dials 192.168.1.4:4001, 10.0.0.7:5001, which will see your IP address.',
      isProblem: false
    })
  })

  const problems: [string, string, RegExp][] = [
    ['nothing', ' ', /Paste an ID/],
    ['something else', 'hello', /not a Chordcast ID/],
    ['a cut ID', id.slice(0, 40), /cut short: 40 of 59/],
    ['an ID with a tail', `${id}abc`, /not a Chordcast ID/],
    ['a link with a broken address', `chordcast:${id}?via=192.168.1.4:4001`, /link is broken/]
  ]
  for (const [what, text, expected] of problems) {
    it(`is what is wrong with ${what}`, () => {
      const note = describeInput(text, parseIdOrLink)
      assert.ok(note?.isProblem)
      assert.match(note.message, expected)
    })
  }
})

describe('the clipboard', () => {
  it('fills the box only when it holds an ID or a link', () => {
    assert.equal(tryParse(id, parseIdOrLink)?.id, id)
    assert.deepEqual(tryParse(`vscode://chordcast.chordcast/fetch/${id}`, parseIdOrLink), {
      id,
      addresses: []
    })
    assert.equal(tryParse('a shopping list', parseIdOrLink), undefined)
  })
})
