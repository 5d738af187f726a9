import type { RingState } from '../../ring-state.ts'
import type { Handler } from '../protocol.ts'

/** One step of another peer's look-up. */
export function nextHandler(ring: RingState): Handler<'next'> {
  return (_caller, { key }) => ring.nextHop(key)
}
