import { type ChunkDigits, holdersAt } from './chunk-ranges.ts'
import { countOf } from './format.ts'
import type { NetworkState } from './player-protocol.ts'

/** Why the picture stands still, in words, and whether joining would help. */
export interface WaitingText {
  text: string
  offersJoin: boolean
}

/** What a stalled player says: which chunk it waits for, and from how many peers it can come. */
export function waitingText(
  map: ChunkDigits,
  waitingFor: number | undefined,
  network: NetworkState
): WaitingText {
  if (network !== 'joined' && waitingFor !== undefined) return awayText(network)
  if (waitingFor === undefined) return { text: 'Buffering…', offersJoin: false }
  const holders = holdersAt(map, waitingFor)
  if (holders > 0)
    return { text: `Waiting for chunk ${waitingFor} from ${countOf(holders, 'peer')}`, offersJoin: false }
  const text = `No connected peer holds chunk ${waitingFor} now. Playing goes on as soon as one is back.`
  return { text, offersJoin: false }
}

function awayText(network: NetworkState): WaitingText {
  if (network === 'starting') return { text: 'Joining the network to get the rest…', offersJoin: false }
  return { text: 'The rest of this video is with other peers. Join the network to get it.', offersJoin: true }
}
