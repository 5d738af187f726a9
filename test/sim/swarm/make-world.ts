import type { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { type Logger, silentLogger } from '../../../src/peer/log.ts'
import { DEFAULT_STRATEGY, type Strategy } from '../../../src/peer/strategy.ts'
import type { SeededRandom } from '../chord/seeded-random.ts'
import { peerIdOf, simulatedSigner } from '../chord/simulated-keys.ts'
import { VirtualClock } from '../chord/virtual-clock.ts'
import { Directory } from './directory.ts'
import { type Line, SimulatedNetwork } from './simulated-network.ts'
import { SimulatedNode } from './simulated-node.ts'
import { SimulatedPeer } from './simulated-peer.ts'
import { SimulatedPubsub } from './simulated-pubsub.ts'
import type { TokenVideo } from './token-video.ts'
import type { World } from './world.ts'

export interface WorldInit {
  video: TokenVideo
  random: SeededRandom
  strategy?: Strategy | undefined
  log?: Logger | undefined
  isLiar?(peerId: string): boolean
  onStored?(): void
}

/** A world without peers. */
export function makeWorld(init: WorldInit): World {
  const { video, random, strategy = DEFAULT_STRATEGY, log = silentLogger } = init
  const clock = new VirtualClock()
  const directories = new Map<number, Directory>()
  return {
    clock,
    network: new SimulatedNetwork(clock),
    nodes: new Map(),
    pubsub: new SimulatedPubsub(clock, random.fork()),
    directory: number => {
      const directory = directories.get(number) ?? new Directory(clock, random.fork())
      directories.set(number, directory)
      return directory
    },
    video,
    strategy,
    log,
    isLiar: init.isLiar ?? (() => false),
    onStored: init.onStored ?? (() => undefined)
  }
}

export interface PeerInit {
  line: Line
  have: Bitfield
  random: SeededRandom
  /** Chunk payload that it sends at most, in bytes per second. */
  uploadLimit?: number
  /** Not 0: it sends forged chunks under this number. */
  liar?: number
}

/** A node with its one video. */
export function makePeer(world: World, { line, random, ...init }: PeerInit): SimulatedPeer {
  return new SimulatedPeer(world, { ...init, node: makeNode(world, line, random), videoNumber: 1, random })
}

/** A node without videos. */
export function makeNode(world: World, line: Line, random: SeededRandom): SimulatedNode {
  const { strategy, network, nodes, clock, log } = world
  const peerId = peerIdOf(simulatedSigner(random))
  return new SimulatedNode({ network, nodes, clock, log, peerId, line, pooling: strategy.pool })
}
