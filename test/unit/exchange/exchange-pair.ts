import type { Stream } from '@libp2p/interface'
import { type Clock, systemClock } from '../../../src/peer/clock.ts'
import { ChunkServer, type ChunkServerInit } from '../../../src/peer/exchange/chunk-server.ts'
import type { ChunkSession } from '../../../src/peer/exchange/chunk-session.ts'
import { type OpenChunkSessionInit, openChunkSession } from '../../../src/peer/exchange/open-chunk-session.ts'
import { TokenBucket } from '../../../src/peer/exchange/token-bucket.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import type { FakeVideo } from './fake-video.ts'
import { MuxerPair } from './stream-pair.ts'

export const SERVER_ID = 'QmServer'
export const CLIENT_ID = 'QmClient'

/** Long enough for anything that should happen, short enough to fail a test. */
export function patience(): AbortSignal {
  return AbortSignal.timeout(8_000)
}

/** A chunk server in this process, and whatever dials it. */
export class ExchangePair {
  readonly muxers = new MuxerPair()
  readonly server: ChunkServer
  readonly uploads: number[] = []
  readonly peerHaves: string[] = []
  readonly handled: Promise<void>[] = []
  readonly clock: Clock
  /** Peer id that the server sees; each dialled stream uses the one of its time. */
  clientId = CLIENT_ID

  constructor(videos: readonly FakeVideo[], init: Partial<ChunkServerInit> = {}) {
    this.clock = init.clock ?? systemClock
    this.server = new ChunkServer({
      videos: digest => videos.find(video => video.digest === digest),
      ownPeerId: SERVER_ID,
      uploadLimiter: new TokenBucket(0, this.clock),
      clock: this.clock,
      random: systemRandom,
      log: silentLogger,
      onUploaded: (_peerId, _digest, bytes) => this.uploads.push(bytes),
      onPeerHave: (peerId, _digest, have) => this.peerHaves.push(`${peerId} ${[...have].join(',')}`),
      ...init
    })
  }

  /** The client's end of a stream whose other end the server handles. */
  async dial(): Promise<Stream> {
    const [dialled, accepted] = await this.muxers.open()
    this.handled.push(this.server.handle(accepted, this.clientId))
    return dialled
  }

  /** Chunk transfers under way, as the server tells a peer that comes. */
  async transfersUnderWay(video: FakeVideo): Promise<number> {
    const session = await this.session(video)
    await session.manifest(patience())
    const { active } = session.load
    await session.close()
    await Promise.all(this.handled)
    return active
  }

  session(video: FakeVideo, init: Partial<OpenChunkSessionInit> = {}): Promise<ChunkSession> {
    return openChunkSession(
      {
        openStream: () => this.dial(),
        target: { peerId: SERVER_ID, addresses: [] },
        secrets: video.secrets,
        ownPeerId: this.clientId,
        downloadLimiter: new TokenBucket(0, this.clock),
        clock: this.clock,
        random: systemRandom,
        ...init
      },
      patience()
    )
  }
}
