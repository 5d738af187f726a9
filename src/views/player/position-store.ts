import type { Memento } from 'vscode'
import type { Digest } from '../../peer/api.ts'
import type { Logger } from '../../peer/log.ts'

const memoryKey = 'chordcast.positions'
/** Videos whose position is kept; the one that was left longest ago goes first. */
const keptPositions = 200
/** Seconds: who has seen less begins again. */
const shortest = 5

/** Remembers where each video was left, over players, windows and restarts. */
export class PositionStore {
  readonly #memory: Memento
  readonly #logger: Logger

  constructor(memory: Memento, logger: Logger) {
    this.#memory = memory
    this.#logger = logger
  }

  /** Seconds, or undefined for a video that begins at its start. */
  load(digest: Digest): number | undefined {
    return this.#read().get(digest)
  }

  /** @param seconds 0 forgets it: the video was seen to its end. */
  save(digest: Digest, seconds: number): void {
    const positions = this.#read()
    positions.delete(digest)
    if (seconds >= shortest) positions.set(digest, seconds)
    const kept = [...positions].slice(-keptPositions)
    this.#memory.update(memoryKey, kept).then(undefined, (error: unknown) => {
      this.#logger.warn('the position of a video could not be kept', error)
    })
  }

  /** Oldest first. What is not understood, as after a change of format, is left out. */
  #read(): Map<Digest, number> {
    const stored: unknown = this.#memory.get(memoryKey)
    return new Map(Array.isArray(stored) ? stored.filter(isPosition) : [])
  }
}

function isPosition(entry: unknown): entry is [Digest, number] {
  return Array.isArray(entry) && typeof entry[0] === 'string' && Number.isFinite(entry[1])
}
