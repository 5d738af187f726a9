import type { Logger } from '../../../log.ts'
import { contactOf } from '../../contact.ts'
import type { RingState } from '../../ring-state.ts'
import type { Stabilizer } from '../../stabilizer.ts'
import type { Handler } from '../protocol.ts'

/** A member offers itself as predecessor; being alive, it may be a successor as well. */
export function notifyHandler(ring: RingState, stabilizer: Stabilizer, log: Logger): Handler<'notify'> {
  return (caller, { addresses }) => {
    const candidate = contactOf(caller.peerId, addresses)
    if (ring.isMember) {
      if (ring.offer(candidate)) stabilizer.poke()
      // Answered before the old predecessor is asked: the caller must not wait for a dead peer.
      stabilizer.rectify(candidate).catch((error: unknown) => log.debug(`Rectify ended: ${String(error)}`))
    }
    return ring.neighbourhood()
  }
}
