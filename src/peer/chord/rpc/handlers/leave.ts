import type { Logger } from '../../../log.ts'
import type { Network } from '../../network.ts'
import type { RingState } from '../../ring-state.ts'
import type { Stabilizer } from '../../stabilizer.ts'
import type { Handler } from '../protocol.ts'

export interface LeaveComponents {
  ring: RingState
  network: Network
  stabilizer: Stabilizer
  log: Logger
}

/**
 * The caller says good-bye. The connection proves who it is, so nobody can sign off somebody else. Whom it names as its
 * neighbours is a hint that is asked before it counts.
 */
export function leaveHandler({ ring, network, stabilizer, log }: LeaveComponents): Handler<'leave'> {
  return (caller, { predecessor, successors }) => {
    const wasPredecessor = ring.predecessor?.peerId === caller.peerId
    log.info(`Peer ${caller.peerId} left the ring`)
    network.noteLeft(caller.peerId)
    ring.forget(caller.peerId)
    if (!ring.successors.first) for (const successor of successors) ring.offer(successor)
    if (wasPredecessor && predecessor && predecessor.peerId !== ring.peerId) {
      stabilizer
        .rectifyIfAlive(predecessor)
        .catch((error: unknown) => log.debug(`Rectify ended: ${String(error)}`))
    }
    stabilizer.poke()
    return {}
  }
}
