import type { RecordStore } from '../../record/record-store.ts'
import type { Handler } from '../protocol.ts'

/** A sum over the records of an arc, so that equal stores need not be compared one by one. */
export function digestHandler(store: RecordStore): Handler<'digest'> {
  return (_caller, { arc }) => store.digest(arc)
}
