import type { RingState } from '../../ring-state.ts'
import type { Handler } from '../protocol.ts'

/** Whether this peer lives, and is a member. */
export function pingHandler(ring: RingState): Handler<'ping'> {
  return () => ({ member: ring.isMember })
}
