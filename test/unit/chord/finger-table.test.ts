import assert from 'node:assert/strict'
import fc from 'fast-check'
import { FingerTable } from '../../../src/peer/chord/finger-table.ts'
import { isBetween } from '../../../src/peer/chord/ring-position.ts'
import { contactAt, places } from './ring-of-contacts.ts'

describe('FingerTable', () => {
  it('keeps the nearest by round-trip time when an interval is full', () => {
    const fingers = new FingerTable(0n, 2)
    fingers.learn(contactAt(64), 50)
    fingers.learn(contactAt(65), 20)
    fingers.learn(contactAt(66), 30)
    fingers.learn(contactAt(67))
    assert.deepEqual(places(fingers.all()).sort(), [65, 66])
    assert.deepEqual(places(fingers.preferred()), [65])
  })

  it('prefers those that answered to those that others named', () => {
    const fingers = new FingerTable(0n)
    fingers.learn(contactAt(64))
    fingers.learn(contactAt(65), 200)
    assert.deepEqual(places(fingers.preferred()), [65])
  })

  it('gives the nearest before a key, and the swiftest of their interval', () => {
    const fingers = new FingerTable(0n)
    for (const place of [3, 20, 70, 80, 90, 100, 200]) fingers.learn(contactAt(place), place === 70 ? 1 : 50)
    assert.deepEqual(places(fingers.closestPreceding(95n, 2)), [90, 70])
    assert.deepEqual(places(fingers.closestPreceding(30n, 3)), [20, 3])
    assert.deepEqual(fingers.closestPreceding(2n, 3), [])
  })

  it('forgets a peer everywhere', () => {
    const fingers = new FingerTable(0n)
    fingers.learn(contactAt(64), 1)
    fingers.remove('peer-64')
    assert.deepEqual(fingers.all(), [])
    assert.deepEqual(fingers.preferred(), [])
  })

  it('names only peers strictly between itself and the key, and no more than asked for', () => {
    const place = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
    fc.assert(
      fc.property(fc.array(place, { maxLength: 60 }), place, place, (known, self, key) => {
        const fingers = new FingerTable(self)
        for (const position of known) fingers.learn(contactAt(position))
        const named = fingers.closestPreceding(key, 4)
        assert.ok(named.length <= 4)
        assert.ok(named.every(contact => isBetween(self, contact.position, key)))
        const nearest = known.filter(position => isBetween(self, position, key)).length > 0
        assert.equal(named.length > 0, nearest)
      })
    )
  })
})
