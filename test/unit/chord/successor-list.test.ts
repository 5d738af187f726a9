import assert from 'node:assert/strict'
import fc from 'fast-check'
import { distance } from '../../../src/peer/chord/ring-position.ts'
import { SuccessorList } from '../../../src/peer/chord/successor-list.ts'
import { contactAt, contactsAt, places } from './ring-of-contacts.ts'

const SELF = 100n

describe('SuccessorList', () => {
  it('adopts a successor and its list, trimmed to its length', () => {
    const list = new SuccessorList(SELF, 3)
    assert.ok(list.adopt(contactAt(110), contactsAt(120, 130, 140)))
    assert.deepEqual(places(list.entries), [110, 120, 130])
    assert.ok(!list.adopt(contactAt(110), contactsAt(120, 130, 140)))
  })

  it('ends where a neighbour’s list comes around to this peer', () => {
    const list = new SuccessorList(SELF, 8)
    list.adopt(contactAt(110), contactsAt(50, 100, 110))
    assert.deepEqual(places(list.entries), [110, 50])
    assert.ok(list.isWhole)
  })

  it('replaces what it knew by what the successor knows', () => {
    const list = new SuccessorList(SELF, 3)
    list.adopt(contactAt(110), contactsAt(120, 130, 140))
    list.adopt(contactAt(110), contactsAt(115, 130, 150))
    assert.deepEqual(places(list.entries), [110, 115, 130])
  })

  it('keeps a nearer member that offered itself while the successor was being asked', () => {
    const list = new SuccessorList(SELF, 3)
    list.adopt(contactAt(110), contactsAt(120, 130))
    list.offer(contactAt(105))
    list.adopt(contactAt(110), contactsAt(120, 130))
    assert.deepEqual(places(list.entries), [105, 110, 120])
  })

  it('knows every member of a ring smaller than itself', () => {
    const list = new SuccessorList(SELF, 8)
    list.offer(contactAt(110))
    list.offer(contactAt(90))
    list.offer(contactAt(120))
    list.adopt(contactAt(110), contactsAt(90, 100))
    assert.deepEqual(places(list.entries), [110, 120, 90])
  })

  it('takes nobody behind its end when it only lost an entry of a larger ring', () => {
    const list = new SuccessorList(SELF, 3)
    list.adopt(contactAt(110), contactsAt(120, 130))
    list.remove('peer-120')
    assert.ok(!list.offer(contactAt(90)))
    assert.ok(list.offer(contactAt(125)))
    assert.deepEqual(places(list.entries), [110, 125, 130])
  })

  it('refuses the dead, itself, and the same peer twice', () => {
    const list = new SuccessorList(SELF, 8, contact => contact.position !== 120n)
    list.adopt(contactAt(110), contactsAt(120, 130))
    list.offer(contactAt(100))
    list.offer(contactAt(110))
    assert.deepEqual(places(list.entries), [110, 130])
  })

  it('keeps at most two of one public range behind its nearest half, once it has to be diverse', () => {
    const inRange = (place: number, range: number) => ({
      ...contactAt(place),
      addresses: [`/ip4/8.8.${range}.1/tcp/${place}`]
    })
    const members = [110, 120, 130, 140, 150, 160].map(place => inRange(place, 1))
    const others = [inRange(170, 2), inRange(180, 3), contactAt(190)]
    const list = new SuccessorList(SELF, 8)
    list.resize(8, true)
    list.adopt(members[0]!, [...members.slice(1), ...others])
    assert.deepEqual(places(list.entries), [110, 120, 130, 140, 170, 180, 190])
  })

  it('does not take a list for whole because it is out of order', () => {
    const list = new SuccessorList(SELF, 8)
    list.adopt(contactAt(110), contactsAt(130, 120))
    assert.ok(!list.isWhole)
  })

  it('is always in order, bounded, without itself and without duplicates', () => {
    const place = fc.integer({ min: 0, max: 200 })
    const operation = fc.oneof(
      fc.record({
        kind: fc.constant('adopt' as const),
        head: place,
        tail: fc.array(place, { maxLength: 12 })
      }),
      fc.record({ kind: fc.constant('offer' as const), head: place }),
      fc.record({ kind: fc.constant('remove' as const), head: place })
    )
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), operations => {
        const list = new SuccessorList(SELF, 4)
        for (const step of operations) {
          if (step.kind === 'adopt') list.adopt(contactAt(step.head), contactsAt(...step.tail))
          else if (step.kind === 'offer') list.offer(contactAt(step.head))
          else list.remove(`peer-${step.head}`)
          const spans = list.entries.map(entry => distance(SELF, entry.position))
          assert.ok(spans.every((span, index) => span > (spans[index - 1] ?? 0n)))
          assert.ok(spans.length <= 4)
        }
      })
    )
  })
})
