import { Bitfield } from '../../../src/peer/content/bitfield.ts'
import { sealedLength } from '../../../src/peer/content/chunk-cipher.ts'
import { hasAnyMissing, heldByNone, isAnyHeldByNone } from '../../../src/peer/download/availability.ts'
import type { Holder, HolderNews, HolderSession } from '../../../src/peer/download/chunk-holder.ts'
import { InFlightBudget } from '../../../src/peer/download/in-flight-budget.ts'
import { Playhead } from '../../../src/peer/download/playhead.ts'
import { RateMeter } from '../../../src/peer/download/rate-meter.ts'
import { Swarm } from '../../../src/peer/download/swarm.ts'
import type { SwarmPeer } from '../../../src/peer/download/swarm-peer.ts'
import { Transfer } from '../../../src/peer/download/transfer.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { EventEmitter, type Unsubscribe } from '../../../src/peer/event-emitter.ts'
import { CHUNK_PROTOCOL, MAX_SLICE_BYTES, parseAnswer } from '../../../src/peer/exchange/chunk-messages.ts'
import { DEFAULT_CHUNK_SERVER_LIMITS } from '../../../src/peer/exchange/chunk-server.ts'
import { ChunkSession } from '../../../src/peer/exchange/chunk-session.ts'
import { FairUplink } from '../../../src/peer/exchange/fair-uplink.ts'
import { ServedStream } from '../../../src/peer/exchange/served-stream.ts'
import { ServedSwarm } from '../../../src/peer/exchange/served-swarm.ts'
import type { ServedVideo } from '../../../src/peer/exchange/served-video.ts'
import { TokenBucket } from '../../../src/peer/exchange/token-bucket.ts'
import { Gossip, type GossipInit } from '../../../src/peer/gossip/gossip.ts'
import type { GossipedVideo } from '../../../src/peer/gossip/video-gossip.ts'
import type { SeededRandom } from '../chord/seeded-random.ts'
import type { Directory } from './directory.ts'
import type { SimulatedChannel } from './simulated-channel.ts'
import type { SimulatedNode } from './simulated-node.ts'
import type { World } from './world.ts'

/** A record is written again at most so often while chunks come, in milliseconds. */
const RECORD_INTERVAL = 60_000

const DIGEST = '0'.repeat(64)
const NOTHING = new Uint8Array()
/** Nobody outside the swarm listens. */
const HINT_KEY = new Uint8Array(32)

/** Told to others, who never dial by it: nodes find each other by peer id. */
const ADDRESS = '/ip4/192.0.2.1/tcp/4101'

export interface SimulatedPeerInit {
  node: SimulatedNode
  /** Of the several videos of a run. */
  videoNumber: number
  /** What it has from the start. */
  have: Bitfield
  /** Chunk payload that it sends at most, in bytes per second. */
  uploadLimit?: number
  /** Not 0: it sends forged chunks under this number. */
  liar?: number
  random: SeededRandom
}

/** One video on one node: the engine's own serving and fetching sides. */
export class SimulatedPeer implements ServedVideo {
  readonly node: SimulatedNode
  readonly have: Bitfield
  /** Where its players are, if it has any. */
  readonly playhead: Playhead
  readonly liar: number | undefined
  readonly proofKey = NOTHING
  readonly manifest = NOTHING
  readonly leaves = NOTHING
  /** Wrong chunks that came, by liar. */
  readonly forgeries = new Map<number, number>()
  /** Chunk payload that came, whatever became of it; and what of it liars sent. */
  receivedBytes = 0
  forgedBytes = 0
  startedAt: number | undefined
  completedAt: number | undefined
  hasLeft = false
  readonly #world: World
  readonly #random: SeededRandom
  readonly #protocol: string
  readonly #directory: Directory
  readonly #uplink: FairUplink
  readonly #served: ServedSwarm
  readonly #gossip: Gossip | undefined
  readonly #gossiped: GossipedVideo
  readonly #events = new EventEmitter<{ have: number }>()
  readonly #stopping = new AbortController()
  readonly #reportedTo = new WeakSet<SwarmPeer>()
  #swarm: Swarm | undefined
  #transfer: Transfer | undefined
  #publishedAt = Number.NEGATIVE_INFINITY

  constructor(world: World, init: SimulatedPeerInit) {
    const { clock, strategy, log } = world
    const { node, random, have, videoNumber } = init
    this.#world = world
    this.#random = random
    this.node = node
    this.have = have
    this.playhead = new Playhead({
      geometry: world.video.geometry,
      have,
      clock,
      onChange: () => this.#transfer?.plan()
    })
    this.liar = init.liar
    this.#protocol = `${CHUNK_PROTOCOL}/video ${videoNumber}`
    this.#directory = world.directory(videoNumber)
    this.#uplink = new FairUplink(new TokenBucket(init.uploadLimit ?? 0, clock))
    this.#served = new ServedSwarm({ clock, random, firstCopy: strategy.firstCopy })
    this.#gossiped = this.#asGossiped(videoNumber)
    this.#gossip =
      strategy.gossip === 'on' ? new Gossip({ ...this.#gossipInit(), clock, random, log }) : undefined
    node.handle(this.#protocol, (channel, from) => this.#accept(channel, from))
    if (have.size > 0) this.#publish()
  }

  get peerId(): string {
    return this.node.peerId
  }

  get isComplete(): boolean {
    return this.have.isFull
  }

  /** Begins to fetch; resolves when everything is here, or it has left. */
  async fetch(): Promise<void> {
    const { clock, log, video, strategy } = this.#world
    this.startedAt = clock.monotonic()
    const swarm = new Swarm(
      {
        clock,
        random: this.#random,
        log,
        bans: this.node.bans,
        findHolders: signal => this.#directory.search(this.node.host, signal),
        openSession: (holder, signal) => this.#openSession(holder, signal),
        dialable: async holders => holders,
        ...(this.#gossip ? { news: this.#newsOf(this.#gossip) } : {})
      },
      {
        isLacking: () => this.#isLacking(),
        unheld: () => heldByNone(this.have, this.#heldByOthers()).toRanges(),
        isUseful: ({ session }) => hasAnyMissing(session.have, this.have),
        onChange: () => this.#onSwarmChange()
      }
    )
    this.#swarm = swarm
    this.#transfer = new Transfer({
      clock,
      random: this.#random,
      strategy,
      log,
      swarm,
      budget: new InFlightBudget(),
      playhead: this.playhead,
      geometry: video.geometry,
      have: this.have,
      meter: new RateMeter(clock),
      open: async (_index, sealed) => this.#open(sealed),
      store: async index => this.#store(index)
    })
    swarm.start()
    try {
      await this.#transfer.run(this.#stopping.signal)
      this.completedAt = clock.monotonic()
    } catch (error) {
      if (!this.hasLeft) throw error
    } finally {
      this.#swarm = undefined
      await swarm.stop()
    }
  }

  /** Goes away: as after a good-bye, or without a word. */
  async leave(isSilent: boolean): Promise<void> {
    this.hasLeft = true
    this.#stopping.abort(new PeerError('ABORTED', 'This peer left.'))
    if (isSilent) return this.node.stop(true)
    this.#directory.withdraw(this.peerId)
    await this.#gossip?.stop()
    this.node.stop(false)
  }

  onHave(listener: (index: number) => void): Unsubscribe {
    return this.#events.on('have', listener)
  }

  async readSealed(index: number): Promise<Uint8Array> {
    const { video } = this.#world
    const length = sealedLength(video.geometry, index)
    return this.liar === undefined ? video.sealed(length) : video.forged(this.liar, length)
  }

  #accept(channel: SimulatedChannel, from: string): void {
    if (this.node.bans.isBanned(from)) channel.abort(new PeerError('PEER_UNREACHABLE', 'Banned.'))
    else void this.#serve(channel, from)
  }

  async #serve(channel: SimulatedChannel, peerId: string): Promise<void> {
    const { clock, log } = this.#world
    const stream = new ServedStream({
      channel,
      digest: DIGEST,
      video: this,
      peerId,
      slots: this.node.slots,
      transferLimit: DEFAULT_CHUNK_SERVER_LIMITS.maxTransfers,
      sliceLimit: MAX_SLICE_BYTES,
      uplink: this.#uplink,
      clock,
      log,
      onUploaded: bytes => this.#served.onSent(bytes),
      onPeerHave: (_have, gained) => this.#served.onGained(stream, gained),
      onStarted: () => this.#served.enter(stream, this.have),
      onWanted: index => this.#served.onWanted(stream, index),
      onReachable: addresses => this.#served.onReachable(stream, addresses)
    })
    this.#gossip?.touch(this.#gossiped)
    try {
      await stream.run(this.#stopping.signal)
      await channel.close()
    } catch (error) {
      channel.abort(error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.#served.leave(stream)
    }
  }

  async #openSession(holder: Holder, signal: AbortSignal): Promise<HolderSession> {
    const { clock } = this.#world
    const channel = await this.node.openStream(holder.peerId, this.#protocol, signal)
    try {
      const message = await channel.receive(signal)
      const answer = message && parseAnswer(message)
      if (answer?.type !== 'have') throw new PeerError('PROTOCOL_VIOLATION', 'HAVE did not come first.')
      const scratch = this.#world.video.scratch()
      return new ChunkSession({
        channel,
        remotePeerId: holder.peerId,
        have: Bitfield.fromBytes(answer.count, answer.bits),
        roundTripMilliseconds: this.node.roundTripTo(holder.peerId),
        clock,
        downloadLimiter: new TokenBucket(0, clock),
        ownAddresses: () => [ADDRESS],
        onReceived: bytes => this.#onReceived(holder.peerId, bytes),
        // All chunks of one holder are alike: see `TokenVideo`.
        allocate: length => scratch.subarray(0, length)
      })
    } catch (error) {
      channel.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  #onReceived(from: string, bytes: number): void {
    this.receivedBytes += bytes
    if (this.#world.isLiar(from)) this.forgedBytes += bytes
  }

  #open(sealed: Uint8Array): Uint8Array | undefined {
    const liar = this.#world.video.liarOf(sealed)
    if (liar === undefined) return sealed
    this.forgeries.set(liar, (this.forgeries.get(liar) ?? 0) + 1)
    return undefined
  }

  #store(index: number): void {
    this.have.add(index)
    this.#events.emit('have', index)
    this.playhead.chunkStored(index)
    const elapsed = this.#world.clock.monotonic() - this.#publishedAt
    if (elapsed >= RECORD_INTERVAL || this.have.isFull) this.#publish()
    this.#gossip?.gained(this.#gossiped)
    this.#world.onStored(this)
  }

  #publish(): void {
    this.#publishedAt = this.#world.clock.monotonic()
    this.#directory.publish(this.node.host)
  }

  // What `Download` does with its swarm.
  #onSwarmChange(): void {
    for (const peer of this.#swarm?.peers ?? []) {
      if (this.#reportedTo.has(peer)) continue
      this.#reportedTo.add(peer)
      peer.session.reportHave(this)
    }
    this.#swarm?.searchIfLacking()
    this.#transfer?.plan()
  }

  #isLacking(): boolean {
    const sets = this.#heldByOthers()
    return sets.length === 0 || isAnyHeldByNone(this.have.missing(), sets)
  }

  #heldByOthers(): Bitfield[] {
    return (this.#swarm?.peers ?? []).map(({ session }) => session.have)
  }

  #asGossiped(videoNumber: number): GossipedVideo {
    return {
      digest: DIGEST,
      topic: `video ${videoNumber}`,
      hintKey: HINT_KEY,
      have: () => this.have,
      count: () => this.have.length
    }
  }

  #gossipInit(): Pick<GossipInit, 'pubsub' | 'ownPeerId' | 'addresses' | 'load'> {
    const { slots } = this.node
    const limit = DEFAULT_CHUNK_SERVER_LIMITS.maxTransfers
    return {
      pubsub: this.#world.pubsub.of(this.node),
      ownPeerId: this.peerId,
      addresses: () => [ADDRESS],
      load: () => ({ active: slots.active, limit })
    }
  }

  #newsOf(gossip: Gossip): HolderNews {
    return {
      listen: ({ found, gone }) =>
        gossip.listen(this.#gossiped, {
          found: ({ peerId }) => found({ peerId, addresses: [] }),
          gone
        }),
      ask: wanted => gossip.ask(this.#gossiped, wanted)
    }
  }
}
