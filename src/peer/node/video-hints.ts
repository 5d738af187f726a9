import { isDialable } from '../content/dialable-addresses.ts'
import type { Holder, HolderNews } from '../download/chunk-holder.ts'
import type { Unsubscribe } from '../event-emitter.ts'
import type { Gossip, GossipSnapshot } from '../gossip/gossip.ts'
import type { GossipedVideo, HintedHolder } from '../gossip/video-gossip.ts'
import type { Logger } from '../log.ts'
import type { Video } from '../video/video.ts'
import { linkHolders } from './link-holders.ts'
import { localInterfaces } from './local-interfaces.ts'

/** The videos of the library in the gossip; silent where there is none. */
export class VideoHints {
  readonly #gossip: Gossip | undefined
  readonly #isLocal: boolean
  readonly #log: Logger

  /**
   * @param gossip undefined when it is switched off
   * @param isLocal whether this peer is reachable from this machine only
   */
  constructor(gossip: Gossip | undefined, isLocal: boolean, log: Logger) {
    this.#gossip = gossip
    this.#isLocal = isLocal
    this.#log = log
  }

  get snapshot(): GossipSnapshot | undefined {
    return this.#gossip?.snapshot()
  }

  /** There is more of a video to serve than before. */
  gained(video: Video): void {
    this.#gossip?.gained(gossiped(video))
  }

  /** Somebody is served this video. */
  touch(video: Video): void {
    this.#gossip?.touch(gossiped(video))
  }

  /** A video is served no longer. */
  async leave(video: Video): Promise<void> {
    await this.#gossip?.leave(video.digest)
  }

  /** Says good-bye for every video. */
  async stop(): Promise<void> {
    await this.#gossip?.stop()
  }

  /** Whether hints for a running download come directly from this peer. */
  needs(peerId: string): boolean {
    return this.#gossip?.needs(peerId) ?? false
  }

  /** What others tell about a video, for its download. */
  newsOf(video: Video): HolderNews {
    return {
      listen: listener => this.#listen(video, listener),
      ask: wanted => this.#gossip?.ask(gossiped(video), wanted)
    }
  }

  #listen(video: Video, listener: Parameters<HolderNews['listen']>[0]): Unsubscribe {
    const unsubscribe = this.#gossip?.listen(gossiped(video), {
      found: hinted => {
        this.#locate(hinted).then(
          holder => listener.found(holder),
          error => this.#log.debug(`a hint led nowhere: ${String(error)}`)
        )
      },
      gone: peerId => listener.gone(peerId)
    })
    return unsubscribe ?? (() => undefined)
  }

  /**
   * At the addresses that may be dialled from here, as for links, but for loopback ones: nobody confirmed a hint, so it does not
   * make this peer knock on doors of its own machine, unless it speaks to that machine alone.
   */
  async #locate({ peerId, addresses }: HintedHolder): Promise<Holder> {
    const [holder] = await linkHolders(addresses, this.#log)
    const interfaces = localInterfaces()
    const dialable = (holder?.addresses ?? []).filter(address =>
      isDialable(address, interfaces, { loopback: this.#isLocal })
    )
    return { peerId, addresses: dialable }
  }
}

function gossiped(video: Video): GossipedVideo {
  return {
    digest: video.digest,
    topic: video.keys.topic,
    hintKey: video.keys.hintKey,
    have: () => video.served()?.have,
    count: () => video.content?.manifest.count
  }
}
