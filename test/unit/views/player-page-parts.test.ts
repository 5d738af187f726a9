import assert from 'node:assert/strict'
import { preferredTrack } from '../../../media/player/captions.ts'
import { frameTime } from '../../../media/player/frame-stepper.ts'
import { describeProblem, playProblem } from '../../../media/player/playability.ts'
import { shortcuts, shortcutsFor } from '../../../media/player/shortcuts.ts'
import { carriesAac } from '../../../media/player/sound.ts'
import { createLogger } from '../../../src/peer/log.ts'
import { chunkColumns, holderHeat } from '../../../src/shared/chunk-columns.ts'
import { PositionStore } from '../../../src/views/player/position-store.ts'

const quiet = createLogger('test', () => undefined)

/** Keeps values as the editor does: what comes back has been through JSON. */
class FakeMemento {
  readonly values = new Map<string, string>()
  keys = (): string[] => [...this.values.keys()]
  get<T>(key: string): T | undefined {
    const text = this.values.get(key)
    return text === undefined ? undefined : (JSON.parse(text) as T)
  }
  update(key: string, value: unknown): Promise<void> {
    this.values.set(key, JSON.stringify(value))
    return Promise.resolve()
  }
}

describe('stepping by frames', () => {
  it('visits every frame once, at its middle, for the rates that videos have', () => {
    for (const rate of [10, 23.976, 25, 30, 59.94, 60]) {
      let seconds = 0
      for (let frame = 1; frame < 8 * rate; frame++) {
        seconds = frameTime(seconds, 1, rate, 10)
        assert.equal(Math.floor(seconds * rate), frame, `${rate} frames a second`)
      }
    }
  })

  it('goes back to the frame it came from, and stops at both ends', () => {
    const there = frameTime(4.02, 1, 25, 10)
    assert.equal(Math.floor(frameTime(there, -1, 25, 10) * 25), Math.floor(4.02 * 25))
    assert.equal(frameTime(0, -1, 25, 10), 0.02)
    assert.ok(frameTime(9.99, 1, 25, 10) < 10)
  })
})

describe('the shortcuts', () => {
  it('use no key twice', () => {
    const keys = shortcuts.flatMap(({ actions }) => Object.keys(actions))
    assert.equal(new Set(keys).size, keys.length)
  })

  it('offer nothing about pictures where only sound is played', () => {
    const words = shortcutsFor(false)
      .map(({ does }) => does)
      .join()
    assert.doesNotMatch(words, /frame|full screen|captions/i)
    assert.match(words, /Play/)
  })
})

describe('captions', () => {
  const tracks = [{ language: 'de' }, { language: 'en-GB' }, {}]

  it('show in a language of the user, the most wanted first', () => {
    assert.equal(preferredTrack(tracks, ['fr', 'en-US', 'de']), 1)
    assert.equal(preferredTrack(tracks, ['de-AT']), 0)
  })

  it('show the first track where no language fits', () => assert.equal(preferredTrack(tracks, ['fr']), 0))
})

describe('sound', () => {
  it('is AAC when the codecs say so', () => {
    assert.ok(carriesAac({ mimeType: 'video/mp4', codecs: 'avc1.4d400d,mp4a.40.2' }))
    assert.ok(!carriesAac({ mimeType: 'video/mp4', codecs: 'avc1.4d400d,opus' }))
    assert.ok(!carriesAac({ mimeType: 'video/mp4', codecs: 'avc1.4d400d' }))
  })

  it('is taken for AAC in MPEG-4 files of which no codecs are known', () => {
    assert.ok(carriesAac({ mimeType: 'video/quicktime' }))
    assert.ok(!carriesAac({ mimeType: 'video/webm' }))
  })
})

describe('a failure to play', () => {
  it('is told apart: the type, the data, or the way to the stream', () => {
    assert.equal(playProblem(4, ''), 'type')
    assert.equal(playProblem(3, 'maybe'), 'decode')
    assert.equal(playProblem(4, 'maybe'), 'network')
    assert.match(describeProblem('type', 'video/x-msvideo'), /no decoder for video\/x-msvideo/)
  })
})

describe('the heat of chunks', () => {
  it('rises with each holder, most with the first, and ends at 1', () => {
    const heats = [0, 1, 2, 5, 15, 35].map(holderHeat)
    assert.deepEqual(
      heats,
      [...heats].sort((a, b) => a - b)
    )
    assert.equal(heats[0], 0)
    assert.equal(heats.at(-1), 1)
  })

  it('is that of the rarest chunk where several share a column', () => {
    assert.deepEqual(
      chunkColumns({ states: '1111', holders: '4219' }, 2).map(({ holders }) => holders),
      [2, 1]
    )
  })
})

describe('the position of a video', () => {
  const digest = 'd'.repeat(64)

  it('is kept, until the video was seen to its end', () => {
    const memory = new FakeMemento()
    new PositionStore(memory, quiet).save(digest, 61.5)
    const later = new PositionStore(memory, quiet)
    assert.equal(later.load(digest), 61.5)
    later.save(digest, 0)
    assert.equal(later.load(digest), undefined)
  })

  it('is not kept for who has only looked in', () => {
    const store = new PositionStore(new FakeMemento(), quiet)
    store.save(digest, 3)
    assert.equal(store.load(digest), undefined)
  })

  it('is kept for the 200 videos that were watched last', () => {
    const memory = new FakeMemento()
    const store = new PositionStore(memory, quiet)
    for (let index = 0; index < 205; index++) store.save(`video-${index}`, 10 + index)
    store.save('video-5', 99)
    assert.equal(store.load('video-4'), undefined)
    assert.equal(store.load('video-5'), 99)
    assert.equal(memory.get<unknown[]>('chordcast.positions')?.length, 200)
  })

  it('begins anew where what was kept cannot be understood', () => {
    const memory = new FakeMemento()
    for (const broken of ['text', { digest: 3 }, [[digest], [3, 4], null]]) {
      void memory.update('chordcast.positions', broken)
      assert.equal(new PositionStore(memory, quiet).load(digest), undefined)
    }
  })
})
