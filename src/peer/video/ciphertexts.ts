import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { ChunkSecrets } from '../download/chunk-store.ts'
import type { CiphertextCache } from '../download/ciphertext-cache.ts'
import { CiphertextStore } from '../download/ciphertext-store.ts'
import { toPeerError } from '../errors.ts'
import type { DataFolder } from '../library/data-folder.ts'
import type { Logger } from '../log.ts'
import type { Video } from './video.ts'

export interface CiphertextsInit {
  folder: DataFolder
  cache: CiphertextCache
  clock: Clock
  log: Logger
}

/** The ciphertext of videos that are watched without being saved: one folder each. */
export class Ciphertexts {
  readonly #init: CiphertextsInit
  readonly #opening = new Map<Video, Promise<CiphertextStore>>()

  constructor(init: CiphertextsInit) {
    this.#init = init
  }

  /** Opens a video's ciphertext, or begins it; the same store for each call. @throws PeerError FOLDER_UNWRITABLE */
  async open(video: Video, secrets: ChunkSecrets): Promise<CiphertextStore> {
    if (video.ciphertext) return video.ciphertext
    const opening = this.#opening.get(video) ?? this.#open(video, secrets)
    this.#opening.set(video, opening)
    try {
      video.ciphertext = await opening
      return video.ciphertext
    } finally {
      this.#opening.delete(video)
    }
  }

  /** Deletes what is here of a video. Its key should be gone before, so that what a disk still holds of it is worthless. */
  async delete(video: Video): Promise<void> {
    await video.ciphertext?.discard()
    video.ciphertext = undefined
    await rm(this.#init.folder.chunks(video.digest), { recursive: true, force: true })
  }

  /** Gives up what is more than the quota, which may be smaller than it was. */
  async trim(): Promise<void> {
    await this.#init.cache.trim()
  }

  /** Deletes what belongs to none of these videos: a crash came between the end of a key and that of its ciphertext. */
  async sweep(videos: readonly Video[]): Promise<void> {
    const { folder, log } = this.#init
    const kept = new Set(videos.map(({ digest }) => digest))
    const parent = dirname(folder.chunks('0'))
    for (const name of await readdir(parent)) {
      if (kept.has(name)) continue
      try {
        await rm(join(parent, name), { recursive: true, force: true })
      } catch (error) {
        log.warn('Ciphertext that nobody needs was not deleted', toPeerError(error))
      }
    }
  }

  #open(video: Video, secrets: ChunkSecrets): Promise<CiphertextStore> {
    const { folder, ...init } = this.#init
    return CiphertextStore.open({
      ...init,
      digest: video.digest,
      folder: folder.chunks(video.digest),
      secrets
    })
  }
}
