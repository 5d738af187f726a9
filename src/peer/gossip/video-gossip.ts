import type { Digest } from '../api.ts'
import type { Clock } from '../clock.ts'
import type { Bitfield, IndexRange } from '../content/bitfield.ts'
import type { Unsubscribe } from '../event-emitter.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import type { Hint, HintedLoad } from './hint.ts'
import { HintBook } from './hint-book.ts'
import { HintScheduler } from './hint-scheduler.ts'
import type { Pubsub, TopicHandlers, TopicMessage } from './pubsub.ts'
import { sealHint } from './sealed-hint.ts'
import type { Verdict } from './verdict.ts'

/** A video as the gossip sees it. */
export interface GossipedVideo {
  digest: Digest
  /** See `IdKeys`. */
  topic: string
  hintKey: Uint8Array
  /** What of it this peer serves; undefined while there is nothing to serve. */
  have(): Bitfield | undefined
  /** Its number of chunks, once known. */
  count(): number | undefined
}

/** A peer that says it holds chunks. Its word alone: the bitfield that it sends is the truth. */
export interface HintedHolder {
  peerId: string
  addresses: readonly string[]
  load: HintedLoad
}

export interface HintListener {
  found(holder: HintedHolder): void
  /** A peer stops serving the video. */
  gone(peerId: string): void
}

/** Counted since this peer joined. */
export interface HintCounters {
  sent: number
  /** Of those, how many asked for holders. */
  asked: number
  accepted: number
  /** Late, known, too many: neither believed nor passed on. */
  ignored: number
  /** What no honest peer passes on. */
  rejected: number
}

export interface VideoGossipInit {
  video: GossipedVideo
  pubsub: Pubsub
  ownPeerId: string
  addresses(): readonly string[]
  load(): HintedLoad
  counters: HintCounters
  clock: Clock
  random: Random
  log: Logger
}

/** The topic of one video, while this peer takes part in it. */
export class VideoGossip {
  readonly #init: VideoGossipInit
  readonly #book: HintBook
  readonly #scheduler: HintScheduler
  readonly #listeners = new Set<HintListener>()
  readonly #handlers: TopicHandlers
  #publishing: Promise<unknown> = Promise.resolve()

  constructor(init: VideoGossipInit) {
    const { video, clock } = init
    this.#init = init
    this.#book = new HintBook({ clock, key: video.hintKey, count: () => video.count() })
    this.#handlers = {
      judge: message => this.#judge(message),
      joined: () => this.#scheduler.joined()
    }
    this.#scheduler = new HintScheduler({
      ...init,
      have: () => video.have(),
      authors: () => this.#book.activeAuthors,
      publish: hint => {
        this.#publishing = this.#publish(hint)
      }
    })
  }

  /** Whether somebody waits for hints: a download. */
  get isListenedTo(): boolean {
    return this.#listeners.size > 0
  }

  get meshPeers(): ReadonlySet<string> {
    return this.#init.pubsub.meshPeers(this.#init.video.topic)
  }

  start(): void {
    this.#init.pubsub.subscribe(this.#init.video.topic, this.#handlers)
  }

  /** Tells the others that there may be more than before. */
  gained(): void {
    this.#scheduler.gained()
  }

  ask(wanted: readonly IndexRange[]): void {
    this.#scheduler.ask(wanted)
  }

  listen(listener: HintListener): Unsubscribe {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Says good-bye and leaves the topic. */
  async leave(): Promise<void> {
    this.#scheduler.leave()
    await this.#publishing
    this.stop()
  }

  /** Leaves the topic without a word: what is here is still served. */
  stop(): void {
    this.#scheduler.stop()
    this.#init.pubsub.unsubscribe(this.#init.video.topic, this.#handlers)
  }

  #judge({ author, data }: TopicMessage): Verdict {
    const { ownPeerId, counters, log, video } = this.#init
    if (author === ownPeerId) return 'ignore'
    const { verdict, said: hint, reason } = this.#book.judge(author, data)
    if (hint) {
      counters.accepted++
      this.#act(author, hint)
      return verdict
    }
    counters[verdict === 'reject' ? 'rejected' : 'ignored']++
    log.trace(`Hint of ${author} on ${video.digest.slice(0, 8)}: ${verdict}, ${reason}`)
    return verdict
  }

  #act(author: string, hint: Hint): void {
    const { log, video } = this.#init
    const what = hint.leaving ? 'leaves' : `holds ${hint.have} of ${hint.count}`
    log.trace(`Hint of ${author} on ${video.digest.slice(0, 8)}: ${what}${hint.wanted ? ', asks' : ''}`)
    for (const listener of [...this.#listeners]) {
      if (hint.leaving) listener.gone(author)
      else if (hint.have > 0) listener.found({ peerId: author, addresses: hint.addresses, load: hint.load })
    }
    if (hint.wanted) this.#scheduler.asked(hint.wanted)
  }

  async #publish(hint: Hint): Promise<void> {
    const { video, ownPeerId, random, pubsub, counters, log } = this.#init
    counters.sent++
    if (hint.wanted) counters.asked++
    try {
      const sealed = sealHint(hint, { key: video.hintKey, author: ownPeerId }, random)
      const peers = await pubsub.publish(video.topic, sealed)
      log.trace(`Hinted on ${video.digest.slice(0, 8)} to ${peers} peers: ${hint.have} of ${hint.count}`)
    } catch (error) {
      log.debug(`A hint was not sent: ${String(error)}`)
    }
  }
}
