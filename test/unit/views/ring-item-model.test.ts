import assert from 'node:assert/strict'
import type { RingSnapshot } from '../../../src/peer/api.ts'
import { type RingLine, ringLine, showsRing } from '../../../src/views/tree/ring-item-model.ts'
import { fakePeer } from './fake-peer-api.ts'

const neighbour = fakePeer().peerId
const ring: RingSnapshot = {
  name: 'public',
  role: 'member',
  roleReason: 'Another peer reached this one on its announced address.',
  position: '3fa2b1c4d5e6f708'.repeat(4),
  estimatedSize: 12,
  predecessor: neighbour,
  successors: [neighbour, 'QmUnconnectedPeer'],
  fingers: [],
  records: 1
}

/** Label and description of each line below the ring. */
function facts({ children }: RingLine): Record<string, string> {
  return Object.fromEntries(children.map(({ item }) => [item.label, item.description]))
}

describe('the ring in the Peers view', () => {
  const shown = ringLine(ring, [fakePeer()])

  it('says in one line its name, this peer’s role and its size', () => {
    assert.equal(shown.item.description, 'public · member · about 12 members')
  })

  it('says below it why it has this role, where it stands, its neighbours and what it keeps', () => {
    assert.deepEqual(facts(shown), {
      Member: ring.roleReason,
      Size: 'about 12 members',
      Position: '3fa2b1c4d5e6…',
      Predecessor: '…ojWnPbdG · 192.168.1.20:4001 · 12 ms',
      Successors: '2 peers',
      Fingers: 'none',
      Records: '1 record'
    })
  })

  it('lists the successors in the order of the ring', () => {
    const successors = shown.children.find(({ item }) => item.label === 'Successors')
    assert.deepEqual(
      successors?.children.map(({ item }) => [item.label, item.description]),
      [
        ['1. …ojWnPbdG', '192.168.1.20:4001 · 12 ms'],
        ['2. …ctedPeer', 'not connected']
      ]
    )
  })

  it('tells the whole position and the whole peer ids in tooltips', () => {
    const tooltips = JSON.stringify(shown)
    assert.ok(tooltips.includes(ring.position) && tooltips.includes(neighbour))
  })

  it('gives every line an id of its own', () => {
    const ids = (line: RingLine): string[] => [line.item.id, ...line.children.flatMap(ids)]
    const all = ids(ringLine({ ...ring, fingers: ring.successors }, []))
    assert.equal(new Set(all).size, all.length)
  })

  it('says that a client is one', () => {
    const client = facts(ringLine({ ...ring, role: 'client', roleReason: 'This peer does not stay.' }, []))
    assert.equal(client.Client, 'This peer does not stay.')
  })

  it('is not shown to who is alone: the welcome text says how to meet others', () => {
    assert.equal(showsRing({ ...ring, estimatedSize: 1, successors: [] }), false)
    assert.equal(showsRing(undefined), false)
    assert.equal(showsRing(ring), true)
  })
})
