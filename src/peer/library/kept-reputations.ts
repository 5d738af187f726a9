import { join } from 'node:path'
import * as v from 'valibot'
import type { CancelTimer, Clock } from '../clock.ts'
import { type Evidence, ReputationBook } from '../download/reputation.ts'
import { toPeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { readFileIfPresent, writeFileAtomically } from './atomic-file.ts'
import type { DataFolder } from './data-folder.ts'

const FILE_NAME = 'reputations.json'

/** Milliseconds from a change until it is written: a crash loses so much, which costs nothing but patience. */
const WRITE_DELAY = 60_000

const fileSchema = v.object({
  version: v.literal(1),
  peers: v.array(
    v.object({
      peerId: v.pipe(v.string(), v.maxLength(128)),
      successes: v.pipe(v.number(), v.minValue(0), v.maxValue(1000)),
      failures: v.pipe(v.number(), v.minValue(0), v.maxValue(1000)),
      at: v.pipe(v.number(), v.minValue(0))
    })
  )
})

/** Reputations in one file of `library/`, written now and then, and when the peer closes. */
export class KeptReputations {
  readonly book: ReputationBook
  readonly #path: string
  readonly #clock: Clock
  readonly #log: Logger
  #cancelTimer: CancelTimer | undefined
  #isChanged = false
  #writing: Promise<void> = Promise.resolve()

  private constructor(path: string, known: readonly Evidence[], clock: Clock, log: Logger) {
    this.#path = path
    this.#clock = clock
    this.#log = log
    this.book = new ReputationBook(clock, known, () => this.#onChange())
  }

  /**
   * Reads the file. A damaged one counts as none.
   * @throws PeerError FOLDER_UNWRITABLE
   */
  static async load(folder: DataFolder, clock: Clock, log: Logger): Promise<KeptReputations> {
    const path = join(folder.library, FILE_NAME)
    const bytes = await readFileIfPresent(path)
    return new KeptReputations(path, bytes ? parse(bytes, log) : [], clock, log)
  }

  /** Writes what has changed. */
  async close(): Promise<void> {
    this.#cancelTimer?.()
    await this.#write()
  }

  #onChange(): void {
    this.#isChanged = true
    this.#cancelTimer ??= this.#clock.after(WRITE_DELAY, () => {
      this.#cancelTimer = undefined
      void this.#write()
    })
  }

  #write(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      if (!this.#isChanged) return
      this.#isChanged = false
      const peers = this.book.evidence
      try {
        const text = JSON.stringify({ version: 1, peers })
        await writeFileAtomically(this.#path, Buffer.from(text), { durable: false })
      } catch (error) {
        this.#log.warn('the reputations of peers were not kept', toPeerError(error))
      }
    })
    return this.#writing
  }
}

function parse(bytes: Uint8Array, log: Logger): readonly Evidence[] {
  try {
    return v.parse(fileSchema, JSON.parse(Buffer.from(bytes).toString())).peers
  } catch (error) {
    log.warn('The file of reputations is damaged; they begin anew', toPeerError(error))
    return []
  }
}
