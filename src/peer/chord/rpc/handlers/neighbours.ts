import type { RingState } from '../../ring-state.ts'
import type { Handler } from '../protocol.ts'

/** Predecessor and successor list, for stabilise and join (Zave 2017). */
export function neighboursHandler(ring: RingState): Handler<'neighbours'> {
  return () => ring.neighbourhood()
}
