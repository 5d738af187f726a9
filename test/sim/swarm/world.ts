import type { Logger } from '../../../src/peer/log.ts'
import type { Strategy } from '../../../src/peer/strategy.ts'
import type { VirtualClock } from '../chord/virtual-clock.ts'
import type { Directory } from './directory.ts'
import type { SimulatedNetwork } from './simulated-network.ts'
import type { SimulatedNode } from './simulated-node.ts'
import type { SimulatedPeer } from './simulated-peer.ts'
import type { SimulatedPubsub } from './simulated-pubsub.ts'
import type { TokenVideo } from './token-video.ts'

/** What all peers of a simulated swarm share. */
export interface World {
  readonly clock: VirtualClock
  readonly network: SimulatedNetwork
  readonly pubsub: SimulatedPubsub
  /** Records of one of the videos. */
  directory(videoNumber: number): Directory
  readonly video: TokenVideo
  readonly strategy: Strategy
  readonly log: Logger
  /** All nodes by peer id. */
  readonly nodes: Map<string, SimulatedNode>
  isLiar(peerId: string): boolean
  /** A peer has one chunk more. */
  onStored(peer: SimulatedPeer): void
}
