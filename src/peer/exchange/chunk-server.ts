import type { Stream } from '@libp2p/interface'
import type { Digest } from '../api.ts'
import type { Clock } from '../clock.ts'
import type { Bitfield } from '../content/bitfield.ts'
import { PeerError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import { DEFAULT_MAX_TRANSFERS } from '../settings.ts'
import type { Switch } from '../strategy.ts'
import type { FrameChannel } from '../wire/frame-channel.ts'
import { CHUNK_HELLO, MAX_REQUEST_BYTES, sliceLimit } from './chunk-messages.ts'
import { FairUplink } from './fair-uplink.ts'
import type { Opened } from './opening.ts'
import { ServedStream } from './served-stream.ts'
import { ServedSwarm } from './served-swarm.ts'
import type { ServedVideo } from './served-video.ts'
import { StreamAcceptor } from './stream-acceptor.ts'
import type { TokenBucket } from './token-bucket.ts'
import { TransferSlots } from './transfer-slots.ts'

export interface ChunkServerLimits {
  /** Chunk transfers under way to all peers together. */
  maxTransfers: number
  /** … and to each peer. */
  perPeer: number
}

export const DEFAULT_CHUNK_SERVER_LIMITS: ChunkServerLimits = {
  maxTransfers: DEFAULT_MAX_TRANSFERS,
  // More than a stream may have on its way: the other side asks anew as soon as it has a chunk, and here that one may not be through yet.
  perPeer: 16
}

export interface ChunkServerInit {
  /** The video of this digest, if this peer serves it. */
  videos(digest: Digest): ServedVideo | undefined
  limits?: ChunkServerLimits
  ownPeerId: string
  uploadLimiter: TokenBucket
  /** Whether receivers are offered different chunks first; see `FirstCopies`. */
  firstCopy?: Switch
  clock: Clock
  random: Random
  log: Logger
  /** Chunk payload that has just gone out to a peer. */
  onUploaded(peerId: string, digest: Digest, bytes: number): void
  /** What a peer that fetches from us holds itself: the whole set, each time that it changes. */
  onPeerHave?(peerId: string, digest: Digest, have: Bitfield): void
}

/** Serves manifests, leaves and chunks to peers that know the video's ID. */
export class ChunkServer {
  readonly #init: ChunkServerInit
  readonly #slots: TransferSlots
  readonly #limits: ChunkServerLimits
  readonly #uplink: FairUplink
  readonly #acceptor: StreamAcceptor<ServedVideo>
  readonly #swarms = new Map<Digest, ServedSwarm>()

  constructor(init: ChunkServerInit) {
    this.#init = init
    this.#limits = init.limits ?? DEFAULT_CHUNK_SERVER_LIMITS
    this.#slots = new TransferSlots(this.#limits, init.clock)
    this.#uplink = new FairUplink(init.uploadLimiter)
    this.#acceptor = new StreamAcceptor({
      hello: CHUNK_HELLO,
      maxFrameBytes: MAX_REQUEST_BYTES,
      ownPeerId: init.ownPeerId,
      clock: init.clock,
      random: init.random,
      log: init.log,
      find: digest => init.videos(digest),
      serve: (channel, opened, remotePeerId, signal) => this.#serve(channel, opened, remotePeerId, signal)
    })
  }

  /** Chunk transfers under way, of how many at most. */
  get load(): { active: number; limit: number } {
    return { active: this.#slots.active, limit: this.#limits.maxTransfers }
  }

  /** Serves one inbound stream until it ends. Never rejects. */
  handle(stream: Stream, remotePeerId: string): Promise<void> {
    return this.#acceptor.handle(stream, remotePeerId)
  }

  /** Ends all streams of a video that is no longer served. */
  withdraw(digest: Digest): void {
    const reason = new PeerError('VIDEO_UNKNOWN', 'This video is no longer shared here.')
    this.#swarms.get(digest)?.stop(reason)
  }

  /** Ends all streams. */
  stop(): void {
    this.#acceptor.stop()
  }

  async #serve(
    channel: FrameChannel,
    { digest, video, agreement }: Opened<ServedVideo>,
    peerId: string,
    signal: AbortSignal
  ): Promise<void> {
    const { clock, log, onUploaded, onPeerHave } = this.#init
    const swarm = this.#swarmOf(digest)
    const stream = new ServedStream({
      channel,
      digest,
      video,
      peerId,
      slots: this.#slots,
      transferLimit: this.#limits.maxTransfers,
      sliceLimit: sliceLimit(agreement.remote),
      uplink: this.#uplink,
      clock,
      log,
      onUploaded: bytes => {
        swarm.onSent(bytes)
        onUploaded(peerId, digest, bytes)
      },
      onPeerHave: (have, gained) => {
        onPeerHave?.(peerId, digest, have)
        swarm.onGained(stream, gained)
      },
      onStarted: () => swarm.enter(stream, video.have),
      onWanted: index => swarm.onWanted(stream, index),
      onReachable: addresses => swarm.onReachable(stream, addresses)
    })
    try {
      await stream.run(signal)
    } finally {
      swarm.leave(stream)
      if (swarm.isEmpty) this.#end(digest, swarm)
    }
  }

  #end(digest: Digest, { sent, met }: ServedSwarm): void {
    this.#swarms.delete(digest)
    this.#init.log.debug(`${digest.slice(0, 8)}: ${sent} bytes were sent over ${met} streams`)
  }

  #swarmOf(digest: Digest): ServedSwarm {
    const known = this.#swarms.get(digest)
    if (known) return known
    const { clock, random, firstCopy = 'on' } = this.#init
    const swarm = new ServedSwarm({ clock, random, firstCopy })
    this.#swarms.set(digest, swarm)
    return swarm
  }
}
