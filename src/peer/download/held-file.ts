import type { FileHandle } from 'node:fs/promises'
import type { CancelTimer, Clock } from '../clock.ts'
import {
  type FileIdentity,
  identifyFile,
  isSameFile,
  type OpenSourceFile,
  openSourceFile
} from '../content/source-file.ts'

/** A file stays open for so long after its last use, in milliseconds. */
const LINGER = 500
/** While it is open, its path is looked at again after so many milliseconds. */
const LOOK_INTERVAL = 50

interface Held extends OpenSourceFile {
  users: number
  /** Its path leads to something else, or it was not used for long: the last user closes it. */
  isLost: boolean
}

/**
 * A file for reads that follow each other closely: opening, looking and closing for each would cost more than the reading.
 * Afterwards it is closed, so that a thousand shares hold no descriptors.
 */
export class HeldFile {
  readonly #path: string
  readonly #clock: Clock
  #opening: Promise<Held> | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #cancelClosing: CancelTimer | undefined

  constructor(path: string, clock: Clock) {
    this.#path = path
    this.#clock = clock
  }

  /**
   * Calls `use` with the file and what it was, at most 50 ms ago.
   * @throws PeerError FILE_MISSING, FILE_NOT_REGULAR, FILE_UNREADABLE; what `use` throws
   */
  async use<Result>(use: (handle: FileHandle, identity: FileIdentity) => Promise<Result>): Promise<Result> {
    if (this.#opening) await this.#lookIfDue(this.#opening)
    this.#opening ??= this.#open()
    const held = await this.#opening
    held.users++
    try {
      return await use(held.handle, held.identity)
    } finally {
      held.users--
      this.#closeUnused(held)
    }
  }

  #open(): Promise<Held> {
    this.#lookedAt = this.#clock.monotonic()
    const opening = openSourceFile(this.#path).then(file => ({ ...file, users: 0, isLost: false }))
    opening.catch(() => this.#forget(opening))
    return opening
  }

  async #lookIfDue(opening: Promise<Held>): Promise<void> {
    const now = this.#clock.monotonic()
    if (now - this.#lookedAt < LOOK_INTERVAL) return
    this.#lookedAt = now
    const held = await opening
    const named = await identifyFile(this.#path).catch(() => undefined)
    if (!named || !isSameFile(named, held.identity)) this.#lose(opening, held)
  }

  #closeUnused(held: Held): void {
    if (held.users > 0) return
    if (held.isLost) closeQuietly(held)
    else this.#closeLater(held)
  }

  #closeLater(held: Held): void {
    this.#cancelClosing?.()
    const opening = this.#opening
    this.#cancelClosing = this.#clock.after(LINGER, () => {
      if (opening && held.users === 0) this.#lose(opening, held)
    })
  }

  #lose(opening: Promise<Held>, held: Held): void {
    this.#forget(opening)
    if (held.isLost) return
    held.isLost = true
    if (held.users === 0) closeQuietly(held)
  }

  #forget(opening: Promise<Held>): void {
    if (this.#opening === opening) this.#opening = undefined
  }
}

/** What was only read loses nothing if closing fails. */
function closeQuietly({ handle }: Held): void {
  handle.close().catch(() => undefined)
}
