import type { CancelTimer, Clock } from '../clock.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import { AuthorLog } from './author-log.ts'
import { decodeCatalogue, encodeCatalogue, type ListedVideo, MAX_LISTED } from './catalogue-message.ts'
import type { Pubsub, TopicHandlers, TopicMessage } from './pubsub.ts'
import { judge, type Verdict } from './verdict.ts'

/** Milliseconds between two announcements of the same list. */
const ANNOUNCE_INTERVAL = 5 * 60_000
/** A list that was not announced again for so long is forgotten. Milliseconds. */
const LIFETIME = 16 * 60_000
/** Milliseconds between two messages of this peer at least. */
const MIN_INTERVAL = 4_000
/** Answers and changes wait for up to so many milliseconds, lest the whole ring speaks at once. */
const JITTER = 1_000
/** Videos kept of all peers together; the peers heard longest ago make room. */
const MAX_VIDEOS = 1_000

/** A video in the ring's catalogue, and who lists it. */
export interface CatalogueVideo extends ListedVideo {
  peerId: string
}

export interface CatalogueInit {
  ring: string
  pubsub: Pubsub
  ownPeerId: string
  /** What this peer lists, the most important first. */
  listed(): readonly ListedVideo[]
  clock: Clock
  random: Random
  log: Logger
}

interface PeerList {
  videos: readonly ListedVideo[]
  /** Monotonic milliseconds. */
  heardAt: number
}

/** What peers of a ring choose to show to everybody in it. */
export class Catalogue {
  readonly #init: CatalogueInit
  readonly #topic: string
  readonly #handlers: TopicHandlers
  readonly #authors: AuthorLog
  /** By peer, in the order in which they were heard last. */
  readonly #lists = new Map<string, PeerList>()
  #sequence = 0
  #sentAt = Number.NEGATIVE_INFINITY
  #hasListed = false
  #asks = false
  #isUnheard = true
  #timer: { at: number; cancel: CancelTimer } | undefined

  constructor(init: CatalogueInit) {
    this.#init = init
    this.#topic = `/chordcast/catalogue/1/${init.ring}`
    this.#authors = new AuthorLog({ clock: init.clock, burst: 4, refill: MIN_INTERVAL / 2 })
    this.#handlers = {
      judge: message => this.#judge(message),
      joined: () => this.#onJoined()
    }
  }

  /** Listens, and announces what this peer lists. */
  start(): void {
    this.#init.pubsub.subscribe(this.#topic, this.#handlers)
    this.changed()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#init.pubsub.unsubscribe(this.#topic, this.#handlers)
  }

  /** What this peer lists is different, or somebody came who does not know it. */
  changed(): void {
    if (this.#hasNews) this.#sendIn(this.#jitter())
  }

  /** Asks everybody in the ring for their lists. */
  ask(): void {
    this.#asks = true
    this.#sendIn(0)
  }

  /** What is known, this peer's own included. */
  list(): CatalogueVideo[] {
    this.#forgetOld()
    const own = this.#init.listed().slice(0, MAX_LISTED)
    const lists: [string, readonly ListedVideo[]][] = [
      [this.#init.ownPeerId, own],
      ...[...this.#lists].map(([peerId, { videos }]): [string, readonly ListedVideo[]] => [peerId, videos])
    ]
    return lists.flatMap(([peerId, videos]) => videos.map(video => ({ ...video, peerId })))
  }

  /** Whoever comes asks, if it wants to know. But what nobody heard yet is said again. */
  #onJoined(): void {
    if (this.#isUnheard) this.changed()
  }

  #judge({ author, data }: TopicMessage): Verdict {
    if (author === this.#init.ownPeerId) return 'ignore'
    const { verdict, said, reason } = judge(
      () => decodeCatalogue(data),
      ({ sequence }) => this.#authors.objection(author, sequence)
    )
    if (!said) {
      this.#init.log.trace(`The list of ${author}: ${verdict}, ${reason}`)
      return verdict
    }
    this.#init.log.trace(`${author} lists ${said.videos.length} videos${said.asks ? ', asks' : ''}`)
    this.#keep(author, said.videos)
    if (said.asks && this.#init.listed().length > 0) this.#sendIn(this.#jitter())
    return verdict
  }

  #keep(author: string, videos: readonly ListedVideo[]): void {
    this.#lists.delete(author)
    if (videos.length > 0) this.#lists.set(author, { videos, heardAt: this.#init.clock.monotonic() })
    let size = [...this.#lists.values()].reduce((sum, list) => sum + list.videos.length, 0)
    for (const [peerId, list] of this.#lists) {
      if (size <= MAX_VIDEOS) return
      this.#lists.delete(peerId)
      size -= list.videos.length
    }
  }

  #forgetOld(): void {
    const since = this.#init.clock.monotonic() - LIFETIME
    for (const [peerId, { heardAt }] of this.#lists) if (heardAt < since) this.#lists.delete(peerId)
  }

  /** Where nothing is listed, asked or to be taken back, nothing is said. */
  get #hasNews(): boolean {
    return this.#hasListed || this.#asks || this.#init.listed().length > 0
  }

  #jitter(): number {
    return this.#init.random.float() * JITTER
  }

  #sendIn(delay: number): void {
    const now = this.#init.clock.monotonic()
    const at = Math.max(now + delay, this.#sentAt + MIN_INTERVAL)
    if (this.#timer && this.#timer.at <= at) return
    this.#timer?.cancel()
    const cancel = this.#init.clock.after(at - now, () => void this.#send())
    this.#timer = { at, cancel }
  }

  async #send(): Promise<void> {
    const { clock, listed, log, pubsub } = this.#init
    this.#timer = undefined
    if (!this.#hasNews) return
    const videos = listed()
    if (videos.length > MAX_LISTED) log.warn(`Of ${videos.length} listed videos, the ring sees ${MAX_LISTED}`)
    this.#sentAt = clock.monotonic()
    this.#sequence = Math.max(this.#sequence + 1, Math.floor(clock.now()), 1)
    this.#hasListed = videos.length > 0
    const asks = this.#asks
    try {
      const peers = await pubsub.publish(
        this.#topic,
        encodeCatalogue({ sequence: this.#sequence, videos, asks })
      )
      this.#isUnheard = peers === 0
      if (this.#isUnheard) this.#sentAt = Number.NEGATIVE_INFINITY
      else this.#asks = false
      log.trace(`Listed ${videos.length} videos to ${peers} peers`)
    } catch (error) {
      log.debug(`The list was not sent: ${String(error)}`)
    }
    if (this.#hasListed) this.#sendIn(ANNOUNCE_INTERVAL)
  }
}
