import type { Clock } from '../../clock.ts'
import type { Signer } from '../../wire/signature.ts'
import { PROVIDER_RECORD_TTL, TOMBSTONE_TTL } from '../constants.ts'
import {
  type AnnounceKey,
  type ChunkRange,
  compactRanges,
  countChunks,
  signProviderRecord
} from './provider-record.ts'
import type { SignedRecord } from './signed-record.ts'
import { decodeTombstone } from './tombstone.ts'

/** One version of a record that is kept in the ring. */
export interface RecordVersion {
  signed: SignedRecord
  /** On this peer's monotonic clock. */
  expiresAt: number
  /** No later version of it will be made here. */
  isFinal: boolean
}

/** What a publication keeps in the ring. */
export interface RecordSource {
  /** DHT key, 32 bytes. */
  readonly key: Uint8Array
  /** Whether there is anything to publish now. */
  readonly hasContent: boolean
  /** The version to publish now, with a sequence above `known`: one that a member told of. */
  version(known: number): Promise<RecordVersion>
  /** The version that takes the record back; undefined for what stays said. */
  withdrawal(known: number): Promise<RecordVersion | undefined>
}

export interface ProviderSourceInit {
  clock: Clock
  signer: Signer
  addresses(): readonly string[]
  announceKey: AnnounceKey
  /** Chunks of the whole video. */
  chunkCount: number
  ranges: readonly ChunkRange[]
}

/** Signs what this peer holds of a video, anew for each version. */
export class ProviderSource implements RecordSource {
  readonly #init: ProviderSourceInit
  #ranges: readonly ChunkRange[]
  #sequence = 0

  constructor(init: ProviderSourceInit) {
    this.#init = init
    this.#ranges = compactRanges(init.ranges)
  }

  get key(): Uint8Array {
    return this.#init.announceKey.dhtKey
  }

  get hasContent(): boolean {
    return this.#ranges.length > 0
  }

  /** `urgent` for the first and the last chunk, `later` for another change, `same` for none. */
  update(ranges: readonly ChunkRange[]): 'same' | 'later' | 'urgent' {
    const before = countChunks(this.#ranges)
    this.#ranges = compactRanges(ranges)
    const after = countChunks(this.#ranges)
    if (before === after) return 'same'
    return before === 0 || after === this.#init.chunkCount ? 'urgent' : 'later'
  }

  version(known: number): Promise<RecordVersion> {
    return this.#sign(known, false)
  }

  withdrawal(known: number): Promise<RecordVersion> {
    return this.#sign(known, true)
  }

  async #sign(known: number, withdrawn: boolean): Promise<RecordVersion> {
    const { clock, signer, addresses, announceKey, chunkCount } = this.#init
    const issued = Math.floor(clock.now())
    this.#sequence = Math.max(issued, this.#sequence + 1, known + 1)
    const expiresAt = clock.monotonic() + PROVIDER_RECORD_TTL
    const content = { addresses: addresses(), chunkCount, ranges: this.#ranges, withdrawn }
    const signed = await signProviderRecord(
      { ...content, sequence: this.#sequence, issued },
      signer,
      announceKey
    )
    return { signed, expiresAt, isFinal: false }
  }
}

/** A tombstone as its owner signed it: passed on until its 30 days are over, never signed anew. */
export class TombstoneSource implements RecordSource {
  readonly key: Uint8Array
  readonly #signed: SignedRecord
  readonly #clock: Clock
  readonly #expiresAt: number

  /** @throws PeerError RECORD_INVALID for what is no tombstone */
  constructor(signed: SignedRecord, clock: Clock) {
    const { key, issued } = decodeTombstone(signed)
    this.key = key
    this.#signed = signed
    this.#clock = clock
    this.#expiresAt = clock.monotonic() + Math.min(TOMBSTONE_TTL, issued + TOMBSTONE_TTL - clock.now())
  }

  get hasContent(): boolean {
    return this.#clock.monotonic() < this.#expiresAt
  }

  async version(): Promise<RecordVersion> {
    return { signed: this.#signed, expiresAt: this.#expiresAt, isFinal: true }
  }

  async withdrawal(): Promise<undefined> {
    return undefined
  }
}
