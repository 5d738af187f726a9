import type { Digest } from '../peer/api.ts'
import { EventEmitter } from '../peer/event-emitter.ts'

/** The video that the Chunks view shows: the one last selected in the tree or watched in a player. */
export class VideoSelection {
  readonly events = new EventEmitter<{ changed: Digest | undefined }>()
  #digest: Digest | undefined

  get digest(): Digest | undefined {
    return this.#digest
  }

  select(digest: Digest | undefined): void {
    if (digest === this.#digest) return
    this.#digest = digest
    this.events.emit('changed', digest)
  }
}
