import { KeptRecord, type KeptRecordComponents } from './kept-record.ts'
import type { ChunkRange } from './provider-record.ts'
import type { ProviderSource } from './record-source.ts'

/** Keeps in the ring which chunks of a video this peer holds. */
export class Publication extends KeptRecord {
  readonly #source: ProviderSource

  constructor(
    components: KeptRecordComponents,
    source: ProviderSource,
    onWithdrawn: (record: KeptRecord) => void
  ) {
    super(components, source, onWithdrawn)
    this.#source = source
  }

  /** Now this peer holds these chunks. Told to the ring at once for the first and the last chunk, else once a minute. */
  update(ranges: readonly ChunkRange[]): void {
    const change = this.#source.update(ranges)
    if (change !== 'same') this.renewSoon(change === 'urgent')
  }
}
