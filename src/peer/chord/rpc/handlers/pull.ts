import type { RecordStore } from '../../record/record-store.ts'
import type { Handler } from '../protocol.ts'

/** One page of the records in an arc, for who comes to own them. */
export function pullHandler(store: RecordStore): Handler<'pull'> {
  return (_caller, { arc, after }) => {
    const page = store.page(arc, after)
    return { ...page, records: page.records.map(stored => store.inTransit(stored)) }
  }
}
