import assert from 'node:assert/strict'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import type { Geometry } from '../../../src/peer/content/geometry.ts'
import { countHolders } from '../../../src/peer/download/availability.ts'
import type { PeerSnapshot } from '../../../src/peer/download/peer-choice.ts'
import {
  type ChunkCancellation,
  type ChunkRequest,
  inFlightLimit,
  pickCancellations,
  pickRequests,
  type RequestSnapshot,
  type SwarmSnapshot,
  type WantedChunk
} from '../../../src/peer/download/picker.ts'
import { DEFAULT_STRATEGY, type PickStrategy } from '../../../src/peer/strategy.ts'
import { seededRandom } from './seeded-random.ts'

const CHUNK = 256 * 1024
const SEALED = CHUNK + 16
const MIB = 1024 * 1024
const NOW = 100_000

interface PeerSketch {
  id?: string
  have?: readonly number[]
  rate?: number
  penalty?: number
  outstanding?: number
  snubbed?: boolean
  busyUntil?: number
  refused?: readonly number[]
  offered?: readonly number[]
  room?: number
}

interface Sketch {
  count?: number
  have?: readonly number[]
  peers: readonly PeerSketch[]
  requests?: readonly (Partial<RequestSnapshot> & { index: number; peerId: string })[]
  wanted?: readonly WantedChunk[]
  index?: readonly number[]
  playing?: boolean
  vainBytes?: number
  downloadRate?: number
  freeBytes?: number
  spareBytes?: number
}

function geometry(count: number): Geometry {
  return { byteLength: count * CHUNK, chunkSize: CHUNK, count }
}

function setOf(count: number, indices: readonly number[] | undefined): Bitfield {
  return indices ? Bitfield.fromRanges(count, toRanges(indices)) : Bitfield.full(count)
}

function toRanges(indices: readonly number[]): [number, number][] {
  const set = new Set(indices)
  const ranges: [number, number][] = []
  for (const index of [...set].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last && last[1] === index) last[1] = index + 1
    else ranges.push([index, index + 1])
  }
  return ranges
}

function snapshot(sketch: Sketch): SwarmSnapshot {
  const count = sketch.count ?? 20
  const peers = sketch.peers.map((peer, position): PeerSnapshot => {
    const outstanding = peer.outstanding ?? 0
    const room = peer.room ?? 3 * MIB
    return {
      peerId: peer.id ?? 'abcdefgh'.charAt(position),
      have: setOf(count, peer.have),
      rate: peer.rate,
      roundTripMilliseconds: 10,
      penalty: peer.penalty ?? 1,
      outstandingBytes: outstanding * SEALED,
      outstandingRequests: outstanding,
      pickedBytes: 0,
      canRequest: bytes =>
        bytes === 0 || (outstanding === 0 && bytes <= SEALED) || outstanding * SEALED + bytes <= room,
      snubbed: peer.snubbed ?? false,
      busyUntil: peer.busyUntil ?? 0,
      refused: new Set(peer.refused),
      offered: peer.offered && new Set(peer.offered)
    }
  })
  return {
    geometry: geometry(count),
    have: setOf(count, sketch.have ?? []),
    availability: countHolders(
      peers.map(({ have }) => have),
      count
    ),
    peers,
    requests: (sketch.requests ?? []).map(request => ({
      length: SEALED,
      received: 0,
      requestedAt: NOW,
      ...request
    })),
    wanted: sketch.wanted ?? [],
    index: sketch.index ?? [],
    playing: sketch.playing ?? false,
    vainBytes: sketch.vainBytes ?? 0,
    downloadRate: sketch.downloadRate ?? 0,
    freeBytes: sketch.freeBytes ?? 32 * MIB,
    spareBytes: sketch.spareBytes ?? Number.POSITIVE_INFINITY
  }
}

const pick = (sketch: Sketch, seed = 1): { index: number; peerId: string; urgency: string }[] =>
  pickRequests(snapshot(sketch), NOW, seededRandom(seed))
const cancel = (sketch: Sketch): ChunkCancellation[] => pickCancellations(snapshot(sketch), NOW)
const indices = (sketch: Sketch, seed = 1): number[] => pick(sketch, seed).map(({ index }) => index)
const soon = (...chunks: number[]): WantedChunk[] =>
  chunks.map((index, position) => ({ index, deadline: NOW + position * 500 }))

describe('the picker', () => {
  describe('can be told to be plainer, for measurements', () => {
    const sketch: Sketch = {
      have: [0, 1, 18, 19],
      peers: [
        { id: 'fast', rate: 64 * MIB, penalty: 4 },
        { id: 'slow', rate: MIB / 4, have: [12, 13] }
      ]
    }
    const pickAs = (strategy: Partial<PickStrategy>, seed = 1): ChunkRequest[] =>
      pickRequests(snapshot(sketch), NOW, seededRandom(seed), { ...DEFAULT_STRATEGY, ...strategy })

    it('asks in sequence', () => {
      const order = pickAs({ order: 'sequential' }).map(({ index }) => index)
      assert.deepEqual(order.slice(0, 8), [2, 3, 4, 5, 6, 7, 8, 9])
    })

    it('asks in a random order that ignores how rare a chunk is', () => {
      const firsts = new Set(
        Array.from({ length: 40 }, (_, seed) => pickAs({ order: 'random' }, seed)[0]?.index)
      )
      assert(firsts.has(12) && firsts.has(5))
      assert(firsts.size > 8, `${firsts.size} different first chunks`)
    })

    it('asks anyone, or by rate alone', () => {
      const holders: Sketch = {
        peers: [
          { id: 'fast', rate: 4 * MIB, penalty: 2.5 },
          { id: 'slow', rate: 3 * MIB }
        ]
      }
      const firstAsked = (selection: PickStrategy['selection']): string[] => {
        const strategy = { ...DEFAULT_STRATEGY, selection }
        const seeds = Array.from({ length: 40 }, (_, seed) => seededRandom(seed))
        const asked = seeds.map(random => pickRequests(snapshot(holders), NOW, random, strategy)[0]?.peerId)
        return [...new Set(asked)].map(String).sort()
      }
      assert.deepEqual(firstAsked('scored'), ['slow'])
      assert.deepEqual(firstAsked('rate'), ['fast'])
      assert.deepEqual(firstAsked('random'), ['fast', 'slow'])
    })
  })

  describe('orders what to ask for', () => {
    const middle = Array.from({ length: 16 }, (_, index) => index + 2)
    const table: { title: string; sketch: Sketch; expected: number[] }[] = [
      { title: 'nothing when no holder is there', sketch: { peers: [] }, expected: [] },
      {
        title: 'nothing when all is here',
        sketch: { have: Array.from({ length: 20 }, (_, index) => index), peers: [{}] },
        expected: []
      },
      {
        title: 'the first and the last two chunks before the others',
        sketch: { peers: [{ rate: MIB / 2 }] },
        expected: [0, 19, 1, 18]
      },
      {
        title: 'the chunks of the index right after the first one',
        sketch: { peers: [{ rate: MIB / 2 }], index: [15, 16] },
        expected: [0, 15, 16, 19]
      },
      {
        title: 'what a player needs before those, by deadline',
        sketch: { peers: [{ rate: 10 * MIB }], wanted: soon(7, 8, 6), playing: true, downloadRate: 10 * MIB },
        expected: [7, 8, 6, 0, 19, 1]
      },
      {
        title: 'nothing that the only holder does not offer',
        sketch: { peers: [{ rate: MIB, offered: [0, 7] }] },
        expected: [0, 7]
      },
      {
        title: 'what a player waits for though it is not offered, and the rest as it is',
        sketch: {
          peers: [{ rate: 10 * MIB, offered: [11] }],
          wanted: soon(5, 6),
          playing: true,
          downloadRate: 10 * MIB
        },
        expected: [5, 6, 11]
      },
      {
        title: 'the rarest chunk first',
        sketch: {
          have: [0, 1, 18, 19],
          peers: [
            { have: [5, 6, 7], rate: 1 },
            { have: [5, 7], busyUntil: NOW + 1 }
          ]
        },
        expected: [6]
      },
      {
        title: 'of chunks that are not urgent yet the rarer one, though it is needed later',
        sketch: {
          peers: [
            { have: [10, 11], rate: MIB },
            { have: [10], busyUntil: NOW + 1 },
            { have: [10], busyUntil: NOW + 1 }
          ],
          wanted: [
            { index: 10, deadline: NOW + 20_000 },
            { index: 11, deadline: NOW + 21_000 }
          ],
          playing: true
        },
        expected: [11, 10]
      },
      {
        title: 'of urgent chunks the earlier one, however common',
        sketch: {
          peers: [
            { have: [10, 11], rate: MIB },
            { have: [10], busyUntil: NOW + 1 }
          ],
          wanted: soon(10, 11),
          playing: true
        },
        expected: [10, 11]
      },
      {
        title: 'not what is on its way already',
        sketch: {
          have: middle,
          peers: [{ rate: MIB, outstanding: 2 }],
          requests: [
            { index: 0, peerId: 'a' },
            { index: 19, peerId: 'a' }
          ]
        },
        expected: [1, 18]
      },
      {
        title: 'nothing of a holder that is busy',
        sketch: { peers: [{ busyUntil: NOW + 1 }] },
        expected: []
      },
      {
        title: 'not the chunk that a holder refused',
        sketch: { have: middle, peers: [{ rate: MIB, refused: [0, 19] }] },
        expected: [1, 18]
      },
      {
        title: 'a single chunk of a video of one',
        sketch: { count: 1, peers: [{}] },
        expected: [0]
      },
      {
        title: 'each chunk of a video of three once',
        sketch: { count: 3, peers: [{ rate: MIB }] },
        expected: [0, 2, 1]
      }
    ]
    for (const { title, sketch, expected } of table) {
      it(title, () => assert.deepEqual(indices(sketch), expected))
    }

    it('breaks ties at random: downloads that begin together fetch different chunks', () => {
      const sketch = { count: 200, have: [0, 1, 198, 199], peers: [{ rate: MIB }] }
      const firsts = new Set(Array.from({ length: 50 }, (_, seed) => indices(sketch, seed)[0]))
      assert.ok(firsts.size > 30, `${firsts.size} different first choices of 50`)
    })

    it('reaches every equally rare chunk with equal chance', () => {
      const sketch = { count: 14, have: [0, 1, 12, 13], peers: [{ rate: 1 }] }
      const times = new Map<number, number>()
      for (let seed = 0; seed < 2000; seed++) {
        const [first = -1] = indices(sketch, seed)
        times.set(first, (times.get(first) ?? 0) + 1)
      }
      assert.equal(times.size, 10)
      for (const [index, count] of times) assert.ok(count > 130 && count < 270, `chunk ${index}: ${count}`)
    })
  })

  describe('bounds what is on its way', () => {
    const table: { title: string; sketch: Sketch; expected: number }[] = [
      { title: 'two requests of a holder without measurements', sketch: { peers: [{}] }, expected: 2 },
      { title: 'two seconds’ worth of a slow one', sketch: { peers: [{ rate: 400_000 }] }, expected: 4 },
      { title: 'eight requests of a fast one', sketch: { peers: [{ rate: 100 * MIB }] }, expected: 8 },
      { title: 'one of the slowest', sketch: { peers: [{ rate: 10 }] }, expected: 1 },
      {
        title: 'what its stream takes',
        sketch: { peers: [{ rate: 100 * MIB, room: 3 * SEALED }] },
        expected: 3
      },
      {
        title: 'one request though it is larger than that',
        sketch: { peers: [{ rate: MIB, room: 10 }] },
        expected: 1
      },
      {
        title: 'one of a snubbed holder',
        sketch: { peers: [{ rate: 100 * MIB, snubbed: true }] },
        expected: 1
      },
      {
        title: 'what all downloads may have together',
        sketch: { peers: [{ rate: 100 * MIB }], freeBytes: 3 * SEALED },
        expected: 3
      },
      {
        title: 'two chunks while a player is attached',
        sketch: { peers: [{ rate: MIB }], playing: true, downloadRate: MIB },
        expected: 2
      },
      {
        title: 'and one from each holder, however slow, or its line would be idle',
        sketch: { peers: [{ rate: MIB }, { rate: MIB }, { rate: MIB }], playing: true, downloadRate: MIB },
        expected: 3
      },
      {
        title: '150 ms and two round trips worth over all holders while a player is attached',
        sketch: { peers: [{ rate: 10 * MIB }, { rate: 10 * MIB }], playing: true, downloadRate: 10 * MIB },
        expected: 6
      }
    ]
    for (const { title, sketch, expected } of table) {
      it(title, () => assert.equal(pick(sketch).length, expected))
    }
  })

  describe('chooses the holder', () => {
    it('that is expected to finish first', () => {
      const [first] = pick({ peers: [{ rate: MIB }, { rate: 8 * MIB }] })
      assert.equal(first?.peerId, 'b')
    })

    it('that is idle rather than one with a long queue', () => {
      const [first] = pick({ peers: [{ rate: MIB, outstanding: 4 }, { rate: MIB }] })
      assert.equal(first?.peerId, 'b')
    })

    it('with the better record', () => {
      const [first] = pick({
        peers: [
          { rate: MIB, penalty: 2 },
          { rate: MIB, penalty: 1 }
        ]
      })
      assert.equal(first?.peerId, 'b')
    })

    it('at random among equals', () => {
      const seen = new Set(
        Array.from(
          { length: 30 },
          (_, seed) => pick({ peers: [{ rate: MIB }, { rate: MIB }] }, seed)[0]?.peerId
        )
      )
      assert.deepEqual([...seen].sort(), ['a', 'b'])
    })

    it('that was never measured in about a tenth of the choices', () => {
      let explored = 0
      for (let seed = 0; seed < 500; seed++) {
        const [first] = pick({ peers: [{ rate: 50 * MIB }, { rate: 50 * MIB }, { penalty: 50 }] }, seed)
        if (first?.peerId === 'c') explored++
      }
      assert.ok(explored > 25 && explored < 85, `${explored} of 500`)
    })

    it('that answers, for a chunk that only it and a snubbed one hold', () => {
      const picked = pick({ peers: [{ rate: MIB, snubbed: true }, { rate: 10_000 }] })
      assert.equal(picked[0]?.peerId, 'b')
    })

    it('and lets a chunk that a player waits for queue at a fast one above its depth', () => {
      const sketch: Sketch = {
        peers: [
          { rate: 400_000, outstanding: 4 },
          { rate: 1000, have: [3] }
        ],
        requests: [4, 5, 6, 7].map(index => ({ index, peerId: 'a', received: SEALED })),
        wanted: soon(9),
        playing: true,
        downloadRate: 100 * MIB
      }
      const [first] = pick(sketch)
      assert.deepEqual(first, { index: 9, peerId: 'a', urgency: 'playhead' })
    })
  })

  describe('asks a second holder', () => {
    const lastOnItsWay = (received = 0): Sketch => ({
      count: 4,
      have: [0, 1, 2],
      peers: [{ rate: 10_000, outstanding: 1 }, { rate: 10 * MIB }],
      requests: [{ index: 3, peerId: 'a', received }]
    })

    it('in the endgame, when it is much faster', () => {
      assert.deepEqual(pick(lastOnItsWay()), [{ index: 3, peerId: 'b', urgency: 'endgame' }])
    })

    it('not when it is no faster', () => {
      const sketch = lastOnItsWay()
      assert.deepEqual(pick({ ...sketch, peers: [{ rate: MIB, outstanding: 1 }, { rate: MIB }] }), [])
    })

    it('not for a chunk that is here and being verified', () => {
      assert.deepEqual(pick(lastOnItsWay(SEALED)), [])
    })

    it('not while another chunk is not requested at all', () => {
      const { peers, ...sketch } = lastOnItsWay()
      const [slow = {}, quick = {}] = peers
      const holdsTheOther = { have: [2], busyUntil: NOW + 1 }
      const picked = pick({
        ...sketch,
        have: [0, 1],
        peers: [{ ...slow, have: [3] }, { ...quick, have: [3] }, holdsTheOther]
      })
      assert.deepEqual(picked, [])
    })

    it('instead of the slow one for a chunk that waits its turn there', () => {
      const sketch = lastOnItsWay()
      const picked = pick({
        ...sketch,
        have: [0, 1],
        peers: [{ rate: 10_000, outstanding: 2 }, { rate: 10 * MIB }],
        requests: [
          { index: 2, peerId: 'a', received: SEALED - 1 },
          { index: 3, peerId: 'a' }
        ],
        vainBytes: MIB
      })
      assert.deepEqual(picked, [{ index: 3, peerId: 'b', urgency: 'endgame', insteadOf: 'a' }])
    })

    it('not when so much came in vain already, but always for one that fell silent', () => {
      const sketch = lastOnItsWay(1)
      const vainBytes = 4 * SEALED
      assert.deepEqual(pick({ ...sketch, vainBytes }), [])
      const [slow = {}, quick = {}] = sketch.peers
      const picked = pick({ ...sketch, vainBytes, peers: [{ ...slow, snubbed: true }, quick] })
      assert.deepEqual(picked, [{ index: 3, peerId: 'b', urgency: 'endgame' }])
    })

    it('for one that is overdue though its holder seems quick', () => {
      const sketch = lastOnItsWay()
      const peers = [{ rate: 10 * MIB, outstanding: 1 }, { rate: 10 * MIB }]
      const asked = (requestedAt: number): Sketch => ({
        ...sketch,
        peers,
        requests: [{ index: 3, peerId: 'a', requestedAt }]
      })
      assert.deepEqual(pick(asked(NOW - 1000)), [])
      assert.deepEqual(pick(asked(NOW - 3000)), [{ index: 3, peerId: 'b', urgency: 'endgame' }])
    })

    it('not one that was never measured', () => {
      assert.deepEqual(pick({ ...lastOnItsWay(), peers: [{ rate: 1000, outstanding: 1 }, {}] }), [])
    })

    it('not for the chunk that comes next from a holder with a long queue', () => {
      const sketch = lastOnItsWay()
      const requests = [{ index: 3, peerId: 'a' }, ...[4, 5, 6, 7].map(index => ({ index, peerId: 'a' }))]
      const peers = [{ rate: MIB, outstanding: 5 }, { rate: MIB }]
      const picked = pick({ ...sketch, count: 8, requests, peers })
      assert.ok(picked.every(({ index }) => index !== 3))
    })

    it('never a third one', () => {
      const sketch = lastOnItsWay()
      const requests = [
        { index: 3, peerId: 'a' },
        { index: 3, peerId: 'b' }
      ]
      const peers = [{ rate: 1000, outstanding: 1 }, { rate: 1000, outstanding: 1 }, { rate: 100 * MIB }]
      assert.deepEqual(pick({ ...sketch, requests, peers }), [])
    })

    it('at once for a chunk that a player waits for when the first one is snubbed', () => {
      const picked = pick({
        peers: [{ rate: MIB, outstanding: 1, snubbed: true }, { rate: MIB }],
        requests: [{ index: 5, peerId: 'a' }],
        wanted: soon(5),
        playing: true
      })
      assert.deepEqual(picked[0], { index: 5, peerId: 'b', urgency: 'playhead' })
    })
  })

  describe('after a seek', () => {
    const busy = (received: number): Sketch => ({
      peers: [{ rate: MIB, outstanding: 2 }],
      requests: [
        { index: 3, peerId: 'a', received },
        { index: 4, peerId: 'a' }
      ],
      wanted: soon(12, 13),
      playing: true
    })

    it('takes back what no player needs, to make room', () => {
      assert.deepEqual(cancel(busy(0)), [{ index: 3, peerId: 'a' }])
    })

    it('takes back all of it when a player waits already, however much may be on its way', () => {
      const sketch = { ...busy(0), downloadRate: 10 * MIB, wanted: [{ index: 12, deadline: NOW - 1 }] }
      assert.deepEqual(
        cancel(sketch).map(({ index }) => index),
        [3, 4]
      )
    })

    it('takes back nothing for what is needed much later', () => {
      assert.deepEqual(cancel({ ...busy(0), wanted: [{ index: 12, deadline: NOW + 20_000 }] }), [])
    })

    it('lets a chunk that is half here arrive', () => {
      assert.deepEqual(cancel(busy(SEALED / 2)), [{ index: 4, peerId: 'a' }])
    })

    it('takes back nothing that a player needs', () => {
      assert.deepEqual(cancel({ ...busy(0), wanted: soon(3, 4, 12) }), [])
    })

    it('takes back nothing while the next chunk is on its way', () => {
      assert.deepEqual(cancel({ ...busy(0), wanted: soon(3) }), [])
    })

    it('takes back nothing for a chunk that nobody holds', () => {
      const sketch = { ...busy(0), peers: [{ rate: MIB, have: [3, 4] }] }
      assert.deepEqual(cancel(sketch), [])
    })

    it('gives the room that was made to nothing else', () => {
      const state = {
        ...busy(0),
        requests: [],
        peers: [
          { rate: MIB, outstanding: 9, have: [2, 3, 12] },
          { rate: MIB, have: [5] }
        ]
      }
      assert.deepEqual(pick({ ...state, wanted: soon(12) }), [])
    })

    it('lets other chunks come while the one that a player waits for is refused', () => {
      const sketch = { ...busy(0), requests: [], peers: [{ rate: MIB, refused: [12, 13] }] }
      assert.equal(pick(sketch).length, 2)
      assert.deepEqual(cancel(sketch), [])
    })

    it('takes back all that is too much when a player attaches', () => {
      const requests = Array.from({ length: 8 }, (_, index) => ({ index, peerId: 'a' }))
      const cancelled = cancel({ ...busy(0), requests })
      assert.equal(cancelled.length, 7)
    })
  })

  it('fetches beyond what players need no more than may be kept', () => {
    const peers = [{ rate: 10 * MIB }]
    assert.equal(pick({ peers, spareBytes: 2 * SEALED + 1 }).length, 2)
    assert.deepEqual(indices({ peers, wanted: soon(7, 8), playing: true, spareBytes: 0 }), [7, 8])
    assert.deepEqual(pick({ peers, spareBytes: SEALED, requests: [{ index: 3, peerId: '0' }] }), [])
  })

  it('never lets a small bound stop the download', () => {
    assert.equal(pick({ peers: [{ rate: MIB }], freeBytes: 10 }).length, 1)
    assert.equal(inFlightLimit(snapshot({ peers: [], freeBytes: 0 })), 0)
  })

  it('decides within 20 ms for the largest video and eight holders', () => {
    const state = snapshot({
      count: 32_768,
      peers: Array.from({ length: 8 }, () => ({ rate: 2 * MIB })),
      freeBytes: 4 * SEALED
    })
    const times = Array.from({ length: 5 }, (_, seed) => {
      const startedAt = performance.now()
      assert.equal(pickRequests(state, NOW, seededRandom(seed)).length, 4)
      return performance.now() - startedAt
    })
    assert.ok(Math.min(...times) < 20, `${times}`)
  })
})
