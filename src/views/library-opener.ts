import { type FSWatcher, watch } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { toPeerError } from '../peer/errors.ts'
import type { Logger } from '../peer/log.ts'
import type { PeerController } from './peer-controller.ts'

/**
 * Opens the peer for windows that only want to see: when the data folder has been used before, or as soon as another
 * window begins to use it. A folder that nobody uses stays untouched, and the engine is not loaded.
 */
export class LibraryOpener {
  readonly #dataFolder: string
  readonly #controller: PeerController
  readonly #logger: Logger
  #watcher: FSWatcher | undefined

  constructor(dataFolder: string, controller: PeerController, logger: Logger) {
    this.#dataFolder = dataFolder
    this.#controller = controller
    this.#logger = logger
  }

  /** Opens the peer if there is something to show, else waits for that. Failures show as the state `failed`. */
  async openWhenUsed(): Promise<void> {
    if (this.#controller.api !== undefined) return
    try {
      if (await this.#isUsed()) await this.#open()
      else await this.#watch()
    } catch (error) {
      this.#logger.error('the library could not be opened', toPeerError(error))
    }
  }

  dispose(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  async #open(): Promise<void> {
    this.dispose()
    await this.#controller.open()
  }

  async #isUsed(): Promise<boolean> {
    return await access(path.join(this.#dataFolder, 'VERSION')).then(
      () => true,
      () => false
    )
  }

  async #watch(): Promise<void> {
    if (this.#watcher !== undefined) return
    await mkdir(this.#dataFolder, { recursive: true })
    this.#watcher = watch(this.#dataFolder, { persistent: false }, () => void this.openWhenUsed())
    this.#watcher.on('error', error => this.#logger.debug(`watching the data folder ended: ${error.message}`))
  }
}
