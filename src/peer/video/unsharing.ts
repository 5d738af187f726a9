import type { AnnounceKey } from '../chord/chord.ts'
import { PROVIDER_RECORD_TTL, REPUBLISH_AT, REPUBLISH_JITTER } from '../chord/constants.ts'
import { PeriodicTask } from '../chord/periodic-task.ts'
import { decodeTombstone, isExpired, signTombstone } from '../chord/record/tombstone.ts'
import type { Clock } from '../clock.ts'
import { PeerError, toPeerError } from '../errors.ts'
import type { KeptTombstones } from '../library/kept-tombstones.ts'
import type { Logger } from '../log.ts'
import type { Network } from '../node/network.ts'
import type { Random } from '../random.ts'
import type { Signer } from '../wire/signature.ts'
import type { Video } from './video.ts'
import type { VideoFiles } from './video-files.ts'
import type { VideoShelf } from './video-shelf.ts'

/** What taking back one record may take. Milliseconds. */
const WITHDRAW_DEADLINE = 1_500
/** What asking the ring about one video may take. Milliseconds. */
const CHECK_DEADLINE = 30_000
/** As often as a holder's record is renewed. Milliseconds. */
const CHECK_INTERVAL = PROVIDER_RECORD_TTL * REPUBLISH_AT

/** What the ring says of a video, as far as it tells whether that is shared still. */
export interface SharingWord {
  /** Other peers that may hold it. */
  others: readonly { peerId: string }[]
  /** Who signed a tombstone of it. */
  endedBy: readonly string[]
}

export interface UnsharingInit {
  shelf: VideoShelf
  files: VideoFiles
  tombstones: KeptTombstones
  owner: Signer
  clock: Clock
  random: Random
  log: Logger
  /** The network while this peer is joined. */
  network(): Network | undefined
}

/**
 * The end of sharing, from both sides. An owner's tombstone is signed once, kept, and published whenever this peer is joined
 * until its 30 days are over. What others end is noticed at each join, at each renewal of records, and by each search for
 * holders; it is remembered, and not served again. It is the end of an ID for good: sharing the same file again makes a new one.
 */
export class Unsharing {
  readonly #init: UnsharingInit
  readonly #check: PeriodicTask

  constructor(init: UnsharingInit) {
    const { clock, random } = init
    this.#init = init
    this.#check = new PeriodicTask({
      clock,
      nextDelay: () => CHECK_INTERVAL * (1 + REPUBLISH_JITTER * (2 * random.float() - 1)),
      run: signal => this.#checkAll(signal)
    })
  }

  /** This peer has joined: tells the ring what it has stopped sharing, and asks what others have. */
  async start(): Promise<void> {
    this.#check.start()
    this.#check.poke(0)
    await this.#publishAll()
  }

  stop(): void {
    this.#check.stop()
  }

  /**
   * Ends a share of this peer's: in the ring if it is joined, else from the next join on. What was decided is durable when
   * it resolves; the video is still on the shelf.
   */
  async end(video: Video): Promise<void> {
    const { tombstones, owner, clock, log } = this.#init
    const issued = Math.floor(clock.now())
    const announceKey: AnnounceKey = { ...video.keys.announceSigner, dhtKey: video.keys.dhtKey }
    const signed = await signTombstone({ sequence: issued, issued }, owner, announceKey)
    await tombstones.put(video.digest, signed)
    log.info(`${video.digest.slice(0, 8)} is shared no longer`)
    await this.#withdraw(video)
    this.#init.network()?.publishTombstone(signed)
  }

  /** Shares that were ended, but not forgotten before this peer crashed. */
  halfEnded(): Video[] {
    const { tombstones, shelf } = this.#init
    return tombstones
      .list()
      .flatMap(({ digest }) => shelf.find(digest) ?? [])
      .filter(({ entry }) => entry.origin === 'shared')
  }

  /** Takes note of what the ring says of a fetched video, and acts on its owner's tombstone. */
  async hear(video: Video, word: SharingWord): Promise<void> {
    video.endedBy = word.endedBy
    if (video.entry.origin === 'shared' || video.isUnshared) return
    if (!isEnded(video.owner, word)) return
    if (video.owner === undefined) video.download?.fail(videoUnshared())
    else await this.#remember(video)
  }

  /**
   * The owner of a video that is being fetched is known now.
   * @throws PeerError VIDEO_UNSHARED when it had ended the video
   */
  async learnOwner(video: Video, owner: string): Promise<void> {
    video.owner = owner
    if (!video.endedBy.includes(owner)) return
    await this.#remember(video)
    throw videoUnshared()
  }

  async #remember(video: Video): Promise<void> {
    const { shelf, clock, log } = this.#init
    log.info(`the owner of ${video.digest.slice(0, 8)} stopped sharing it: it is not served any more`)
    await shelf.update(video, { unsharedAt: clock.now() })
    video.download?.fail(videoUnshared())
    await this.#withdraw(video)
  }

  async #withdraw(video: Video): Promise<void> {
    await this.#init.network()?.withdraw(video, AbortSignal.timeout(WITHDRAW_DEADLINE))
  }

  async #publishAll(): Promise<void> {
    const { tombstones, clock, log } = this.#init
    for (const { digest, signed } of tombstones.list()) {
      try {
        if (isExpired(decodeTombstone(signed), clock.now())) await tombstones.delete(digest)
        else this.#init.network()?.publishTombstone(signed)
      } catch (error) {
        log.warn(`the tombstone ${digest.slice(0, 8)} was not published`, toPeerError(error))
      }
    }
  }

  async #checkAll(signal: AbortSignal): Promise<void> {
    for (const video of this.#init.shelf.list()) {
      if (signal.aborted) return
      if (video.entry.origin === 'fetched' && !video.isUnshared) await this.#checkOne(video, signal)
    }
  }

  async #checkOne(video: Video, signal: AbortSignal): Promise<void> {
    const { files, log, network } = this.#init
    try {
      await files.loadContent(video)
      if (video.owner === undefined) return
      const limit = AbortSignal.any([signal, AbortSignal.timeout(CHECK_DEADLINE)])
      const records = await network()?.records(video, limit)
      if (records && !signal.aborted) await this.hear(video, records)
    } catch (error) {
      log.debug(
        `whether ${video.digest.slice(0, 8)} is shared still is not known: ${toPeerError(error).message}`
      )
    }
  }
}

/**
 * Whether the ring's word ends a video: its owner's, or, where the owner is not known yet, that of everybody who is known to
 * have held it.
 */
export function isEnded(owner: string | undefined, { others, endedBy }: SharingWord): boolean {
  if (owner !== undefined) return endedBy.includes(owner)
  return endedBy.length > 0 && others.every(({ peerId }) => endedBy.includes(peerId))
}

/** For whoever wants a video that its owner has ended. */
export function videoUnshared(): PeerError {
  return new PeerError(
    'VIDEO_UNSHARED',
    'The owner stopped sharing this video. Ask them to share it again, which makes a new ID.'
  )
}
