import type { Clock } from '../../clock.ts'
import { toPeerError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { READ_COPIES, REPLICAS } from '../constants.ts'
import type { Contact } from '../contact.ts'
import type { Network } from '../network.ts'
import type { RingPosition } from '../ring-position.ts'
import type { ProviderRecord, VerifySignature } from './provider-record.ts'
import type { RecordStore } from './record-store.ts'
import { type ReadRecord, readRecord, validateRecord } from './record-validation.ts'
import type { RecordInTransit } from './signed-record.ts'
import type { Tombstone } from './tombstone.ts'

export interface RecordReaderComponents {
  network: Network
  store: RecordStore
  clock: Clock
  verify: VerifySignature
  log: Logger
  peerId: string
}

/** What the ring holds under one key: verified, unexpired, the newest of each author. */
export interface KeyContents {
  providers: ProviderRecord[]
  tombstones: Tombstone[]
}

/** Whether a key seems to hold nothing, as it does where all who were asked keep it back. */
export function isEmpty({ providers, tombstones }: KeyContents): boolean {
  return providers.length === 0 && tombstones.length === 0
}

/** Reads records from several of a key's holders and merges what they say. */
export class RecordReader {
  readonly #components: RecordReaderComponents

  constructor(components: RecordReaderComponents) {
    this.#components = components
  }

  /**
   * Asks three of `holders` (all four when one of them fails or knows nothing), and keeps the newest valid version of each
   * record, whoever brought it.
   */
  async read(key: RingPosition, holders: readonly Contact[], signal: AbortSignal): Promise<KeyContents> {
    const newest = new Map<string, ReadRecord>()
    let answered = 0
    for (let next = 0; next < holders.length; ) {
      const batch = holders.slice(next, next === 0 ? READ_COPIES : next + 1)
      next += batch.length
      const answers = await Promise.all(batch.map(holder => this.#ask(holder, key, signal)))
      signal.throwIfAborted()
      answered += answers.filter(records => records && records.length > 0).length
      for (const records of answers)
        for (const record of records ?? []) await this.#merge(newest, key, record)
      if (answered >= READ_COPIES || next >= REPLICAS + READ_COPIES) break
      if (answered > 0 && next >= REPLICAS) break
    }
    return contentsOf([...newest.values()])
  }

  async #ask(
    holder: Contact,
    key: RingPosition,
    signal: AbortSignal
  ): Promise<RecordInTransit[] | undefined> {
    const { network, store, log, peerId } = this.#components
    if (holder.peerId === peerId) return store.get(key).map(stored => store.inTransit(stored))
    try {
      const { records } = await network.call(holder, 'get', { key }, { signal })
      return records
    } catch (error) {
      log.debug(`Peer ${holder.peerId} did not give its records: ${toPeerError(error).message}`)
      return undefined
    }
  }

  async #merge(newest: Map<string, ReadRecord>, key: RingPosition, record: RecordInTransit): Promise<void> {
    const { clock, verify, log } = this.#components
    try {
      const read = readRecord(record.signed)
      const known = newest.get(read.name)
      if (read.key !== key || record.remaining <= 0 || (known && known.sequence >= read.sequence)) return
      await validateRecord(read, clock, verify)
      newest.set(read.name, read)
    } catch (error) {
      log.debug(`A record was ignored: ${toPeerError(error).message}`)
    }
  }
}

function contentsOf(records: readonly ReadRecord[]): KeyContents {
  const providers: ProviderRecord[] = []
  const tombstones: Tombstone[] = []
  for (const { content } of records) {
    if (content.kind === 'tombstone') tombstones.push(content.tombstone)
    else if (!content.record.withdrawn) providers.push(content.record)
  }
  return { providers, tombstones }
}

/**
 * The providers that are left after tombstones: one by `owner` ends every record; one by anybody else, who may not be the
 * owner at all, only its author's own. A record signed after its author's tombstone counts again.
 */
export function withoutTombstoned(contents: KeyContents, owner?: string): ProviderRecord[] {
  return contents.providers.filter(
    provider =>
      !contents.tombstones.some(tombstone => {
        const author = tombstone.owner.toString()
        const isOwnRecord = author === provider.provider.toString() && tombstone.sequence > provider.sequence
        return author === owner || isOwnRecord
      })
  )
}
