import { MAX_RECORDS_PER_MESSAGE } from '../../constants.ts'
import type { RecordStore, StoredRecord } from '../../record/record-store.ts'
import type { Handler } from '../protocol.ts'

/** The records under a key, tombstones first. */
export function getHandler(store: RecordStore): Handler<'get'> {
  return (_caller, { key }) => {
    const held = store.get(key)
    const ordered = [...held.filter(isTombstone), ...held.filter(stored => !isTombstone(stored))]
    return { records: ordered.slice(0, MAX_RECORDS_PER_MESSAGE).map(stored => store.inTransit(stored)) }
  }
}

function isTombstone(stored: StoredRecord): boolean {
  return stored.read.content.kind === 'tombstone'
}
