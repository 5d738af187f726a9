import type { Digest } from '../api.ts'
import type { IndexRange } from '../content/bitfield.ts'
import type { Unsubscribe } from '../event-emitter.ts'
import {
  type GossipedVideo,
  type HintCounters,
  type HintListener,
  VideoGossip,
  type VideoGossipInit
} from './video-gossip.ts'

/** Topics that this peer takes part in at once: those that were active last. */
const MAX_TOPICS = 64

export type GossipInit = Omit<VideoGossipInit, 'video' | 'counters'>

/** The gossip at a glance. */
export interface GossipSnapshot extends HintCounters {
  /** Videos in whose gossip this peer takes part. */
  topics: number
  /** Peers with which it exchanges hints directly. */
  meshPeers: number
}

/** Hints about the videos that this peer fetches or serves: who has gained what, who asks, who goes. */
export class Gossip {
  readonly #init: GossipInit
  readonly #counters: HintCounters = { sent: 0, asked: 0, accepted: 0, ignored: 0, rejected: 0 }
  /** The one active last comes last. */
  readonly #videos = new Map<Digest, VideoGossip>()

  constructor(init: GossipInit) {
    this.#init = init
  }

  /** There may be more of this video than before, or something for the first time. */
  gained(video: GossipedVideo): void {
    this.#follow(video)?.gained()
  }

  /** Tells a download what others say, until it is unsubscribed. */
  listen(video: GossipedVideo, listener: HintListener): Unsubscribe {
    return this.#follow(video)?.listen(listener) ?? (() => undefined)
  }

  /** Asks who holds any of these chunks, or any chunk if the list is empty. */
  ask(video: GossipedVideo, wanted: readonly IndexRange[]): void {
    this.#follow(video)?.ask(wanted)
  }

  /** Somebody is served this video. */
  touch(video: GossipedVideo): void {
    this.#follow(video)
  }

  /** Tells that this peer serves a video no longer. */
  async leave(digest: Digest): Promise<void> {
    const gossip = this.#videos.get(digest)
    this.#videos.delete(digest)
    await gossip?.leave()
  }

  /** Leaves all topics. */
  async stop(): Promise<void> {
    await Promise.all([...this.#videos.keys()].map(digest => this.leave(digest)))
  }

  /** Whether hints for a running download come directly from this peer. */
  needs(peerId: string): boolean {
    return [...this.#videos.values()].some(video => video.isListenedTo && video.meshPeers.has(peerId))
  }

  snapshot(): GossipSnapshot {
    const mesh = new Set([...this.#videos.values()].flatMap(video => [...video.meshPeers]))
    return { topics: this.#videos.size, meshPeers: mesh.size, ...this.#counters }
  }

  #follow(video: GossipedVideo): VideoGossip | undefined {
    const known = this.#videos.get(video.digest)
    if (!known && !this.#makeRoom()) return undefined
    const gossip = known ?? this.#join(video)
    this.#videos.delete(video.digest)
    this.#videos.set(video.digest, gossip)
    return gossip
  }

  #join(video: GossipedVideo): VideoGossip {
    const gossip = new VideoGossip({ ...this.#init, video, counters: this.#counters })
    gossip.start()
    return gossip
  }

  /** False when every topic is one of a running download. */
  #makeRoom(): boolean {
    if (this.#videos.size < MAX_TOPICS) return true
    for (const [digest, video] of this.#videos) {
      if (video.isListenedTo) continue
      this.#videos.delete(digest)
      video.stop()
      return true
    }
    return false
  }
}
