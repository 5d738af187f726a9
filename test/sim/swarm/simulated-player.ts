import { type Clock, sleep } from '../../../src/peer/clock.ts'
import { chunkLength, chunkOffset, type Geometry } from '../../../src/peer/content/geometry.ts'
import type { Playhead } from '../../../src/peer/download/playhead.ts'

/** Seconds that a player buffers before it starts, and that it reads ahead at most. */
const STARTS_WITH = 1
const READS_AHEAD = 20

export interface SimulatedPlayerInit {
  clock: Clock
  playhead: Playhead
  geometry: Geometry
  /** Of the video, in bytes per second. */
  byteRate: number
}

/** What a browser does with a video over HTTP: reads ahead for some seconds, starts with little, stops when it has nothing to show. */
export class SimulatedPlayer {
  /** Milliseconds from the beginning of `play` to the first picture; undefined until then. */
  startedAfter: number | undefined
  /** Times that it stopped after that because the next bytes had not come, and for how many milliseconds. */
  stalls = 0
  stalledFor = 0
  readonly #init: SimulatedPlayerInit
  #since = 0
  #from = 0

  constructor(init: SimulatedPlayerInit) {
    this.#init = init
  }

  /** Plays to the end. Resolves once the last byte is read. */
  async play(signal: AbortSignal): Promise<void> {
    const { clock, playhead, geometry, byteRate } = this.#init
    const begun = clock.monotonic()
    const wanted = playhead.want({ start: 0, end: geometry.byteLength })
    try {
      for (let index = 0; index < geometry.count; index++) {
        const offset = chunkOffset(geometry, index)
        const ahead = this.startedAfter === undefined ? 0 : offset - this.#position() - READS_AHEAD * byteRate
        if (ahead > 0) await sleep(clock, (ahead / byteRate) * 1000, signal)
        await playhead.waitForChunk(index, signal)
        this.#arrived(offset, offset + chunkLength(geometry, index), begun)
        wanted.moveTo(offset + chunkLength(geometry, index))
      }
    } finally {
      wanted.release()
    }
  }

  #arrived(offset: number, end: number, begun: number): void {
    const { clock, geometry, byteRate } = this.#init
    const now = clock.monotonic()
    if (this.startedAfter === undefined) {
      if (end < STARTS_WITH * byteRate && end < geometry.byteLength) return
      this.startedAfter = now - begun
      this.#playFrom(0, now)
      return
    }
    const missed = this.#position() - offset
    if (missed <= 0) return
    this.stalls++
    this.stalledFor += (missed / byteRate) * 1000
    this.#playFrom(offset, now)
  }

  #playFrom(byte: number, now: number): void {
    this.#from = byte
    this.#since = now
  }

  #position(): number {
    return this.#from + ((this.#init.clock.monotonic() - this.#since) / 1000) * this.#init.byteRate
  }
}
