import type { Memento } from 'vscode'
import type { Logger } from '../../peer/log.ts'
import type { PlayerPreferences } from '../../shared/player-protocol.ts'
import { readPreferences } from './player-message.ts'

const memoryKey = 'chordcast.player'
const initial: PlayerPreferences = { volume: 1, muted: false, rate: 1, captions: false }

/** Keeps volume and speed from one player to the next. */
export class PlayerPreferencesStore {
  readonly #memory: Memento
  readonly #logger: Logger

  constructor(memory: Memento, logger: Logger) {
    this.#memory = memory
    this.#logger = logger
  }

  load(): PlayerPreferences {
    return readPreferences(this.#memory.get(memoryKey)) ?? initial
  }

  save(preferences: PlayerPreferences): void {
    this.#memory.update(memoryKey, preferences).then(undefined, (error: unknown) => {
      this.#logger.warn('volume and speed could not be kept', error)
    })
  }
}
