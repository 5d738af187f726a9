import type { Logger } from '../../log.ts'
import type { Network } from '../network.ts'
import type { RecordStore } from '../record/record-store.ts'
import type { RingState } from '../ring-state.ts'
import type { Stabilizer } from '../stabilizer.ts'
import { type DialBack, dialBackHandler } from './handlers/dial-back.ts'
import { digestHandler } from './handlers/digest.ts'
import { getHandler } from './handlers/get.ts'
import { leaveHandler } from './handlers/leave.ts'
import { neighboursHandler } from './handlers/neighbours.ts'
import { nextHandler } from './handlers/next.ts'
import { notifyHandler } from './handlers/notify.ts'
import { nudgeHandler } from './handlers/nudge.ts'
import { pingHandler } from './handlers/ping.ts'
import { pullHandler } from './handlers/pull.ts'
import { storeHandler } from './handlers/store.ts'
import type { Handlers } from './protocol.ts'

/** What answering other peers needs of a node. */
export interface HandlersInit {
  ring: RingState
  network: Network
  store: RecordStore
  stabilizer: Stabilizer
  dialBack: DialBack
  log: Logger
}

/** Answers to all requests of other peers, one for each method. */
export function createHandlers({ ring, network, store, stabilizer, dialBack, log }: HandlersInit): Handlers {
  return {
    ping: pingHandler(ring),
    neighbours: neighboursHandler(ring),
    notify: notifyHandler(ring, stabilizer, log),
    nudge: nudgeHandler(stabilizer),
    next: nextHandler(ring),
    dialBack: dialBackHandler(dialBack),
    leave: leaveHandler({ ring, network, stabilizer, log }),
    store: storeHandler(ring, store),
    get: getHandler(store),
    pull: pullHandler(store),
    digest: digestHandler(store)
  }
}
