import type { Digest } from '../api.ts'
import type { Bitfield } from '../content/bitfield.ts'
import { PeerError } from '../errors.ts'
import { sealVerified } from './chunk-crypto.ts'
import type { ChunkSecrets } from './chunk-store.ts'
import type { PartFile } from './part-file.ts'
import type { SealedCache } from './sealed-cache.ts'

export interface PartChunkStoreInit {
  digest: Digest
  part: PartFile
  have: Bitfield
  secrets: ChunkSecrets
  cache: SealedCache
  /** A chunk that was here is damaged: somebody wrote to the file. It is missing again. */
  onDamaged: (index: number) => void
}

/** The chunks of an unfinished file that are here already: served and played like those of a finished one. */
export class PartChunkStore {
  readonly have: Bitfield
  readonly #init: PartChunkStoreInit

  constructor(init: PartChunkStoreInit) {
    this.have = init.have
    this.#init = init
  }

  async readPlain(index: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted()
    this.#requireHere(index)
    return await this.#init.part.read(index)
  }

  async readSealed(index: number, signal: AbortSignal): Promise<Uint8Array> {
    const { digest, cache } = this.#init
    return await cache.getOrSeal(digest, index, () => this.#seal(index, signal))
  }

  async #seal(index: number, signal: AbortSignal): Promise<Uint8Array> {
    const { secrets } = this.#init
    const sealed = await sealVerified(secrets, index, await this.readPlain(index, signal))
    if (!sealed) throw this.#damaged(index)
    return sealed
  }

  #requireHere(index: number): void {
    if (this.have.has(index)) return
    throw new PeerError('FILE_MISSING', `Chunk ${index} has not arrived yet. Try again later.`)
  }

  #damaged(index: number): PeerError {
    if (this.have.delete(index)) this.#init.onDamaged(index)
    return new PeerError(
      'FILE_CHANGED',
      'The unfinished file was changed. The damaged part is fetched again.'
    )
  }
}
