import type { RecordStore } from '../../record/record-store.ts'
import type { RingState } from '../../ring-state.ts'
import type { Handler, StoreOutcome } from '../protocol.ts'

/** Stores records that anybody brings, once their own signatures prove them. A client stores nothing. */
export function storeHandler(ring: RingState, store: RecordStore): Handler<'store'> {
  return async (_caller, { records }) => {
    const outcomes: StoreOutcome[] = []
    for (const record of records) {
      outcomes.push(ring.isMember ? await store.accept(record) : { status: 'refused' })
    }
    return { outcomes }
  }
}
