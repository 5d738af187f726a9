import { createHash } from 'node:crypto'
import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { HASH_LENGTH, leafHash, merkleRoot } from '../../../src/peer/content/merkle-tree.ts'
import type { Unsubscribe } from '../../../src/peer/event-emitter.ts'
import type { VideoSecrets } from '../../../src/peer/exchange/opening.ts'
import type { ServedVideo } from '../../../src/peer/exchange/served-video.ts'

/** A video of `count` chunks whose sealed bytes follow from their index. */
export class FakeVideo implements ServedVideo {
  readonly proofKey: Uint8Array
  readonly manifest: Uint8Array
  readonly leaves: Uint8Array
  readonly have: Bitfield
  readonly digest: string
  readonly chunks: Uint8Array[]
  /** Indices that were read, in order. */
  readonly reads: number[] = []
  /** What reading does, unless it just returns the chunk. */
  onRead: ((index: number, signal: AbortSignal) => Promise<void>) | undefined
  readonly #listeners = new Set<(index: number) => void>()

  constructor(name: string, count: number, sealedLength: number, have = Bitfield.full(count)) {
    this.digest = createHash('sha256').update(`digest of ${name}`).digest('hex')
    this.proofKey = createHash('sha256').update(`proof key of ${name}`).digest()
    this.manifest = Buffer.from(`manifest of ${name}`)
    this.have = have
    this.chunks = Array.from({ length: count }, (_, index) => Buffer.alloc(sealedLength, `${name}${index} `))
    this.leaves = new Uint8Array(count * HASH_LENGTH)
    this.chunks.forEach((chunk, index) => {
      this.leaves.set(leafHash(index, chunk), index * HASH_LENGTH)
    })
  }

  get secrets(): VideoSecrets {
    return { digest: this.digest, proofKey: this.proofKey }
  }

  get root(): Uint8Array {
    return merkleRoot(this.leaves)
  }

  get listeners(): number {
    return this.#listeners.size
  }

  onHave(listener: (index: number) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  gain(index: number): void {
    this.have.add(index)
    for (const listener of this.#listeners) listener(index)
  }

  async readSealed(index: number, signal: AbortSignal): Promise<Uint8Array> {
    this.reads.push(index)
    await this.onRead?.(index, signal)
    const chunk = this.chunks[index]
    if (!chunk) throw new RangeError(`no chunk ${index}`)
    return chunk
  }
}
