import assert from 'node:assert/strict'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { Playhead } from '../../../src/peer/download/playhead.ts'
import { PeerError } from '../../../src/peer/errors.ts'

const CHUNK = 256 * 1024
const COUNT = 400
const geometry = { byteLength: COUNT * CHUNK, chunkSize: CHUNK, count: COUNT }
const WHOLE = { start: 0, end: geometry.byteLength }

describe('the playhead', () => {
  let have: Bitfield
  let changes: number
  let playhead: Playhead
  let now: number

  // 4 chunks a second.
  beforeEach(() => {
    have = new Bitfield(COUNT)
    changes = 0
    now = 0
    playhead = new Playhead({
      geometry,
      have,
      durationSeconds: COUNT / 4,
      clock: { monotonic: () => now },
      onChange: () => changes++
    })
  })

  const wanted = (): number[] => playhead.wanted(1000).map(({ index }) => index)

  it('wants nothing without a player', () => {
    assert.equal(playhead.playing, false)
    assert.deepEqual(wanted(), [])
  })

  it('wants the next chunks from where a player reads, each by the time it is played', () => {
    playhead.want({ start: 10 * CHUNK, end: geometry.byteLength })
    const chunks = playhead.wanted(1000)
    assert.equal(playhead.playing, true)
    assert.deepEqual(chunks.slice(0, 3), [
      { index: 10, deadline: 1000 },
      { index: 11, deadline: 1250 },
      { index: 12, deadline: 1500 }
    ])
    assert.ok(chunks.length <= 128)
  })

  describe('of a video whose index lies at its end', () => {
    const index = { start: geometry.byteLength - 3 * CHUNK - 7, end: geometry.byteLength - CHUNK }

    beforeEach(() => {
      playhead = new Playhead({
        geometry,
        have,
        durationSeconds: 100,
        indexRange: index,
        onChange: () => changes++
      })
    })

    it('knows its missing chunks, and wants them once there is a player', () => {
      assert.deepEqual([playhead.missingIndex, wanted()], [[396, 397, 398], []])
      have.add(397)
      playhead.want(WHOLE)
      assert.deepEqual(wanted().slice(0, 4), [396, 398, 0, 1])
    })

    it('wants them right after the chunk that the player waits for', async () => {
      playhead.want(WHOLE)
      const waiting = playhead.waitForChunk(0, AbortSignal.timeout(10_000))
      assert.deepEqual(wanted().slice(0, 5), [0, 396, 397, 398, 1])
      playhead.chunkStored(0)
      await waiting
    })

    it('believes no owner who says that it is large, or elsewhere', () => {
      const ofRange = (start: number, end: number): number[] =>
        new Playhead({ geometry, have, indexRange: { start, end }, onChange: () => undefined }).missingIndex
      assert.equal(ofRange(0, Number.MAX_SAFE_INTEGER).length, 16)
      assert.deepEqual(ofRange(geometry.byteLength, geometry.byteLength + 1), [])
    })
  })

  it('wants no more than the range', () => {
    playhead.want({ start: 3 * CHUNK + 5, end: 5 * CHUNK - 1 })
    assert.deepEqual(wanted(), [3, 4])
  })

  it('wants no more ahead than can be kept, but always the next chunk', () => {
    const frugal = (maxAheadBytes: number): number[] => {
      const bounded = new Playhead({ geometry, have, maxAheadBytes, onChange: () => undefined })
      bounded.want(WHOLE)
      return bounded.wanted(0).map(({ index }) => index)
    }
    assert.deepEqual([frugal(3 * CHUNK), frugal(CHUNK / 2)], [[0, 1, 2], [0]])
  })

  it('wants only what is missing', () => {
    have.add(0)
    have.add(2)
    playhead.want(WHOLE)
    assert.deepEqual(wanted().slice(0, 3), [1, 3, 4])
  })

  it('moves on with the player', () => {
    const range = playhead.want(WHOLE)
    const before = changes
    range.moveTo(20 * CHUNK)
    assert.equal(wanted()[0], 20)
    assert.ok(changes > before, 'the plan is made again')
    range.moveTo(3)
    assert.equal(wanted()[0], 20, 'and not back')
  })

  it('keeps the wishes of several players apart until each is released', () => {
    const first = playhead.want({ start: 0, end: 2 * CHUNK })
    const second = playhead.want({ start: 0, end: CHUNK })
    first.release()
    assert.deepEqual(wanted(), [0])
    second.release()
    second.release()
    assert.deepEqual(wanted(), [])
  })

  it('counts a player that has let go as one that seeks, for a second', () => {
    playhead.want(WHOLE).release()
    now = 999
    assert.equal(playhead.playing, true)
    now = 1000
    assert.equal(playhead.playing, false)
  })

  it('wants the beginning for a player that is about to open, until it reads', () => {
    playhead.expectPlayer()
    assert.equal(playhead.playing, true)
    assert.deepEqual(wanted().slice(0, 3), [0, 1, 2])
    assert.equal(changes, 1)
    playhead.want({ start: 50 * CHUNK, end: 52 * CHUNK }).release()
    assert.deepEqual(wanted(), [])
  })

  it('waits ten seconds for a player that was announced', () => {
    playhead.expectPlayer()
    now = 9_999
    assert.equal(wanted()[0], 0)
    now = 10_000
    assert.deepEqual([playhead.playing, wanted()], [false, []])
  })

  it('needs what is ahead of a player and what it waits for, be it here or not', () => {
    have.add(21)
    const range = playhead.want({ start: 20 * CHUNK, end: 22 * CHUNK })
    assert.deepEqual(
      [19, 20, 21, 22].filter(index => playhead.needs(index)),
      [20, 21]
    )
    range.release()
    assert.equal(playhead.needs(20), false)
  })

  it('puts less urgent wishes behind', () => {
    playhead.want({ start: 50 * CHUNK, end: 51 * CHUNK }, 1)
    playhead.want({ start: 80 * CHUNK, end: 81 * CHUNK }, 0)
    assert.deepEqual(wanted(), [80, 50])
  })

  it('puts the chunk that a player waits for before everything', async () => {
    playhead.want(WHOLE)
    const waiting = playhead.waitForChunk(300, AbortSignal.timeout(1000))
    assert.equal(wanted()[0], 300)
    assert.equal(playhead.waitingFor, 300)
    have.add(300)
    playhead.chunkStored(300)
    await waiting
    assert.equal(playhead.waitingFor, undefined)
  })

  it('does not wait for what is here', async () => {
    have.add(7)
    await playhead.waitForChunk(7, AbortSignal.timeout(1000))
  })

  it('ends all waits when what is missing never comes', async () => {
    const waiting = playhead.waitForChunk(9, AbortSignal.timeout(1000))
    const reason = new PeerError('FILE_CHANGED', 'The file was changed.')
    playhead.fail(reason)
    await assert.rejects(waiting, reason)
    assert.equal(playhead.playing, false)
    await assert.rejects(playhead.waitForChunk(10, AbortSignal.timeout(1000)), reason)
  })

  it('forgets a player that gave up', async () => {
    const player = new AbortController()
    const waiting = playhead.waitForChunk(9, player.signal)
    player.abort(new Error('closed'))
    await assert.rejects(waiting, /closed/)
    assert.equal(playhead.playing, false)
    await assert.rejects(playhead.waitForChunk(9, player.signal), /closed/)
  })
})
