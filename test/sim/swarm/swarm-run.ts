import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import type { Logger } from '../../../src/peer/log.ts'
import type { Strategy } from '../../../src/peer/strategy.ts'
import { SeededRandom } from '../chord/seeded-random.ts'
import { makePeer, makeWorld } from './make-world.ts'
import { SCENARIOS, type Scenario, type ScenarioName } from './scenarios.ts'
import type { Line } from './simulated-network.ts'
import type { SimulatedPeer } from './simulated-peer.ts'
import { type SwarmResult, summarise } from './swarm-result.ts'
import { TokenVideo } from './token-video.ts'
import type { World } from './world.ts'

/** Milliseconds within which everybody comes. */
const ARRIVALS = 1000
/** The owner has shared the video so many milliseconds before anybody comes. */
const HEAD_START = 5_000
/** A swarm that takes so many times the ideal, and so many milliseconds more, is not going to end. */
const PATIENCE = 20
const PATIENCE_MILLISECONDS = 10 * 60_000
/** Between two looks at whether all is over. */
const STEP = 250

export interface SwarmOptions {
  scenario: ScenarioName
  /** Beside the owner and other holders. */
  peers: number
  seed: number
  megabytes: number
  strategy?: Strategy
  log?: Logger
}

/** One swarm from its first peer to its last chunk. The same options give the same run. */
export class SwarmRun {
  readonly #options: SwarmOptions
  readonly #scenario: Scenario
  readonly #random: SeededRandom
  readonly #world: World
  readonly #owner: SimulatedPeer
  readonly #peers: SimulatedPeer[] = []
  readonly #poisoners = new Map<string, SimulatedPeer>()
  #stored = 0

  constructor(options: SwarmOptions) {
    this.#options = options
    this.#scenario = SCENARIOS[options.scenario]
    this.#random = new SeededRandom(options.seed)
    this.#world = makeWorld({
      ...options,
      video: new TokenVideo(options.megabytes * 2 ** 20),
      random: this.#random,
      isLiar: peerId => this.#poisoners.has(peerId),
      onStored: () => this.#onStored()
    })
    this.#owner = this.#make(this.#scenario.owner, this.#everything())
  }

  async run(): Promise<SwarmResult> {
    const started = performance.now()
    const { clock } = this.#world
    this.#makeHolders()
    await clock.run(HEAD_START)
    this.#makePeers()
    const ideal = this.#idealSeconds()
    const end = clock.monotonic() + ideal * 1000 * PATIENCE + PATIENCE_MILLISECONDS
    while (clock.monotonic() < end && !this.#isOver()) await clock.run(STEP)
    return summarise({
      ...this.#options,
      owner: this.#owner,
      peers: this.#peers,
      poisoners: [...this.#poisoners.values()],
      chunks: this.#world.video.geometry.count,
      bytes: this.#world.video.geometry.byteLength,
      ideal,
      seconds: (performance.now() - started) / 1000
    })
  }

  #makeHolders(): void {
    const { holders = [], slowdown } = this.#scenario
    const made = holders.map(line => this.#make(line, this.#everything()))
    const [favourite] = made
    if (!slowdown || !favourite) return
    this.#world.clock.after(HEAD_START + slowdown.after, () => {
      favourite.node.host.uplink.rate = slowdown.rate
    })
  }

  #makePeers(): void {
    const { poisoners = 0, leaving = 0 } = this.#scenario
    const { peers } = this.#options
    const liars = Math.round(peers * poisoners)
    for (let number = 1; number <= liars; number++) {
      const liar = this.#make(this.#line(), this.#everything(), number)
      this.#poisoners.set(liar.peerId, liar)
    }
    for (let made = liars; made < peers; made++) this.#makePeer()
    for (let left = Math.round(peers * leaving); left > 0; left--) this.#letLeave(left % 2 === 0)
  }

  #makePeer(): void {
    const { clock, video } = this.#world
    const peer = this.#make(this.#line(), new Bitfield(video.geometry.count))
    this.#peers.push(peer)
    clock.after(this.#random.float() * ARRIVALS, () => void peer.fetch())
  }

  #make(line: Line, have: Bitfield, liar?: number): SimulatedPeer {
    return makePeer(this.#world, {
      line,
      have,
      random: this.#random.fork(),
      ...(liar === undefined ? {} : { liar })
    })
  }

  #letLeave(isSilent: boolean): void {
    const peer = this.#random.pick(this.#peers)
    const delay = ARRIVALS + this.#random.float() * this.#idealSeconds() * 1000
    this.#world.clock.after(delay, () => {
      if (!peer.hasLeft) void peer.leave(isSilent)
    })
  }

  #onStored(): void {
    this.#stored++
    const { ownerLeavesAt } = this.#scenario
    const wanted = this.#peers.length * this.#world.video.geometry.count
    if (ownerLeavesAt === undefined || this.#owner.hasLeft || this.#stored < wanted * ownerLeavesAt) return
    // Not from within the transfer that has just stored a chunk.
    this.#world.clock.after(0, () => void this.#owner.leave(false))
  }

  /** Everybody who stayed has everything, or everything that is left. */
  #isOver(): boolean {
    const incomplete = this.#peers.filter(peer => !peer.hasLeft && !peer.isComplete)
    if (incomplete.length === 0) return true
    if (!this.#owner.hasLeft || this.#scenario.holders) return false
    const sizes = incomplete.map(peer => peer.have.size)
    const left = this.#chunksLeft()
    return left < this.#world.video.geometry.count && sizes.every(size => size === left)
  }

  #chunksLeft(): number {
    const living = [this.#owner, ...this.#peers].filter(peer => !peer.hasLeft)
    const { count } = this.#world.video.geometry
    let left = 0
    for (let index = 0; index < count; index++) if (living.some(peer => peer.have.has(index))) left++
    return left
  }

  /** The least time in which everybody can have everything (Kumar and Ross 2006): what binds is one uplink, one downlink, or all uplinks. */
  #idealSeconds(): number {
    const { byteLength } = this.#world.video.geometry
    const { owner, holders = [] } = this.#scenario
    const sources = [owner, ...holders].reduce((sum, { up }) => sum + up, 0)
    const lines = this.#peers.map(({ node }) => node.host.line)
    const slowest = Math.min(...lines.map(({ down }) => down))
    const uplinks = lines.reduce((sum, { up }) => sum + up, sources)
    return Math.max(byteLength / sources, byteLength / slowest, (byteLength * lines.length) / uplinks)
  }

  #line(): Line {
    return this.#scenario.line(this.#random)
  }

  #everything(): Bitfield {
    return Bitfield.full(this.#world.video.geometry.count)
  }
}
