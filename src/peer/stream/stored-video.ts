import type { Digest } from '../api.ts'
import { chunkOffset, chunksOfBytes, type Geometry } from '../content/geometry.ts'
import { isPlayableMimeType, SNIFF_LENGTH, sniffMimeType, UNKNOWN_MIME_TYPE } from '../content/mime-type.ts'
import type { ChunkStore } from '../download/chunk-store.ts'
import type { Playhead } from '../download/playhead.ts'
import type { PlayableVideo } from './playable-video.ts'

export interface StoredVideoInit {
  digest: Digest
  fileName: string
  /** The type that the owner names; '' when it is not known. */
  claimedType: string
  geometry: Geometry
  /** Where its chunks are now: an unfinished video may be finished, or be saved, while it is played. */
  store(): Pick<ChunkStore, 'have' | 'readPlain'>
  /** Of the download that brings what is missing; undefined when all is here. */
  playhead(): Pick<Playhead, 'want' | 'waitForChunk'> | undefined
}

/** Plays a chunk store, complete or not: one code path for both. */
export class StoredVideo implements PlayableVideo {
  readonly #init: StoredVideoInit
  #mimeType: string | undefined

  constructor(init: StoredVideoInit) {
    this.#init = init
  }

  get digest(): Digest {
    return this.#init.digest
  }

  get byteLength(): number {
    return this.#init.geometry.byteLength
  }

  get fileName(): string {
    return this.#init.fileName
  }

  async mimeType(signal: AbortSignal): Promise<string> {
    if (this.#mimeType === undefined) {
      for await (const head of this.read(0, Math.min(SNIFF_LENGTH, this.byteLength), signal)) {
        this.#mimeType = isPlayedAs(this.#init.claimedType) ? await sniffMimeType(head) : UNKNOWN_MIME_TYPE
      }
    }
    return this.#mimeType ?? UNKNOWN_MIME_TYPE
  }

  async *read(start: number, end: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { geometry } = this.#init
    const wanted = this.#init.playhead()?.want({ start, end })
    const chunks = chunksOfBytes(geometry, start, end)
    try {
      for (let index = chunks.first; index < chunks.end; index++) {
        const plaintext = await this.#chunk(index, signal)
        const offset = chunkOffset(geometry, index)
        yield plaintext.subarray(Math.max(0, start - offset), Math.min(plaintext.length, end - offset))
        wanted?.moveTo(offset + plaintext.length)
      }
    } finally {
      wanted?.release()
    }
  }

  async #chunk(index: number, signal: AbortSignal): Promise<Uint8Array> {
    for (;;) {
      const playhead = this.#init.playhead()
      await playhead?.waitForChunk(index, signal)
      const store = this.#init.store()
      try {
        return await store.readPlain(index, signal)
      } catch (error) {
        // It was given up, or found damaged, since it came: it is fetched again.
        if (!playhead || store.have.has(index)) throw error
      }
    }
  }
}

/** Bytes that look like a video and are said to be a page are neither: such a file can only be saved. */
function isPlayedAs(claimedType: string): boolean {
  return claimedType === '' || claimedType === UNKNOWN_MIME_TYPE || isPlayableMimeType(claimedType)
}
