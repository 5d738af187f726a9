import type { Membership, RingRole } from './membership.ts'
import { positionToHex } from './ring-position.ts'
import type { RingState } from './ring-state.ts'

/** What this peer sees of its ring. Ring positions are 64 hex digits. */
export interface RingSnapshot {
  name: string
  role: RingRole
  /** One sentence: why this role. */
  roleReason: string
  position: string
  /** Estimated number of members, this peer included. */
  estimatedSize: number
  predecessor?: string
  /** Peer ids, nearest first. */
  successors: string[]
  /** Distinct peers in the finger table, one for each interval. */
  fingers: string[]
  /** Records held for others and for itself. */
  records: number
}

/** The snapshot of the ring `name`, of which this peer holds so many records. */
export function ringSnapshot(
  name: string,
  ring: RingState,
  membership: Membership,
  records: number
): RingSnapshot {
  return {
    name,
    role: membership.role,
    roleReason: membership.reason,
    position: positionToHex(ring.position),
    estimatedSize: ring.estimatedSize(),
    ...(ring.predecessor ? { predecessor: ring.predecessor.peerId } : {}),
    successors: ring.successors.entries.map(entry => entry.peerId),
    fingers: ring.fingers.preferred().map(finger => finger.peerId),
    records
  }
}
