import type { ChunkMap, Digest, DownloadState, Failure } from '../api.ts'
import type { Clock } from '../clock.ts'
import type { IndexRange } from '../content/bitfield.ts'
import type { Manifest } from '../content/manifest.ts'
import { PeerError, type PeerErrorCode, toPeerError } from '../errors.ts'
import { EventEmitter } from '../event-emitter.ts'
import type { BanList } from '../exchange/ban-list.ts'
import type { Logger } from '../log.ts'
import type { Random } from '../random.ts'
import { DEFAULT_STRATEGY, type Strategy } from '../strategy.ts'
import { hasAnyMissing, heldByNone, isAnyHeldByNone } from './availability.ts'
import type { Holder, HolderNews, HolderSession } from './chunk-holder.ts'
import { drawChunkMap } from './chunk-map.ts'
import type { ChunkSecrets, ChunkStore } from './chunk-store.ts'
import type { DownloadFacts } from './download-facts.ts'
import { type DownloadTransition, nextState } from './download-state.ts'
import type { DownloadStore } from './download-store.ts'
import { type FileSystem, systemFiles } from './file-system.ts'
import type { InFlightBudget } from './in-flight-budget.ts'
import type { Playhead } from './playhead.ts'
import { noHolders } from './preparation.ts'
import { RateMeter } from './rate-meter.ts'
import type { ReputationBook } from './reputation.ts'
import type { SealedCache } from './sealed-cache.ts'
import { Swarm } from './swarm.ts'
import type { SwarmPeer } from './swarm-peer.ts'
import type { DownloadTarget } from './target.ts'
import { Transfer } from './transfer.ts'
import type { FinishedFile, ResumeJournal } from './unfinished-video.ts'
import { VideoOpening } from './video-opening.ts'

export type { DownloadFacts }

/** What the peer provides, the same for each of its downloads but for the first five. */
export interface DownloadComponents {
  /** One search for holders of this video, each told as it is found. Called again, with growing pauses, while some are lacking. */
  findHolders(signal: AbortSignal): AsyncIterable<Holder>
  /** Absent: holders are found by searches alone. */
  news?: HolderNews
  /** @throws PeerError PEER_UNREACHABLE, PROOF_INVALID, VIDEO_UNKNOWN, BUSY, TIMEOUT */
  openSession(holder: Holder, signal: AbortSignal): Promise<HolderSession>
  /** See `SwarmComponents.dialable`. */
  dialable?(holders: readonly Holder[]): Promise<readonly Holder[]>
  /**
   * Gets the content key from a holder, checked against the manifest's commitment.
   * @throws PeerError KEY_DENIED, GRANT_INVALID, PEER_UNREACHABLE, TIMEOUT
   */
  requestKey(manifest: Manifest, peerId: string, signal: AbortSignal): Promise<Uint8Array>
  openJournal(count: number): Promise<ResumeJournal>
  /** Keeps new facts durably before the download goes on. A rejection ends it. */
  keep(facts: DownloadFacts): Promise<void>
  clock: Clock
  random: Random
  /** How chunks and holders are chosen; `DEFAULT_STRATEGY` unless it is being measured. */
  strategy?: Strategy
  log: Logger
  bans: BanList
  /** See `SwarmComponents.reputations`. */
  reputations?: ReputationBook
  budget: InFlightBudget
  cache: SealedCache
  fs?: FileSystem
}

export interface DownloadInit {
  id: string
  digest: Digest
  /** Where the file goes; undefined of a video that is watched without being saved. */
  target: DownloadTarget | undefined
  /** Opens the store that takes the ciphertext of a video without `target`. */
  openCiphertext?: ((secrets: ChunkSecrets) => Promise<DownloadStore>) | undefined
  /** What was kept as ciphertext while the video was only watched: its chunks are taken over, then it is deleted. */
  adopt?: DownloadStore | undefined
  /** What earlier runs found out. */
  known?: DownloadFacts
  /** How long a fetch that has nothing yet looks for somebody before it fails with NO_HOLDERS, in milliseconds; default 30 s. */
  patienceMilliseconds?: number
}

export interface DownloadEvents {
  state: DownloadState
  /** Chunks, holders or what is known changed. Not throttled: gather before showing. */
  progress: undefined
  /** A chunk is verified and stored. */
  chunk: number
  complete: FinishedFile
  /** The finished file is no longer what was downloaded, or gone: FILE_CHANGED or FILE_MISSING. Players' waits have ended. */
  stale: PeerError
}

const DEFAULT_PATIENCE = 30_000

/** Failures that wait for the user: the download pauses with what it has instead of failing. */
const PAUSING: ReadonlySet<PeerErrorCode> = new Set(['DISK_FULL'])

/**
 * One video on its way to a file: finds holders, gets manifest, leaves and key, fetches and verifies chunks, puts the file in its place.
 * States and their order: see `nextState`. Any holder may vanish at any time; what is verified is never fetched again.
 */
export class Download {
  readonly events: EventEmitter<DownloadEvents>
  readonly digest: Digest
  readonly #components: DownloadComponents
  readonly #init: DownloadInit
  readonly #fs: FileSystem
  readonly #meter: RateMeter
  readonly #reportedTo = new WeakSet<SwarmPeer>()
  readonly #known: DownloadFacts
  #state: DownloadState = 'paused'
  #failure: Failure | undefined
  #video: DownloadStore | undefined
  #playhead: Playhead | undefined
  #swarm: Swarm | undefined
  #transfer: Transfer | undefined
  #stopping: AbortController | undefined
  #running: Promise<void> = Promise.resolve()
  #isFinishing = false
  #isPlayerExpected = false

  constructor(components: DownloadComponents, init: DownloadInit) {
    this.#components = components
    this.events = new EventEmitter(error => components.log.error('A listener of a download failed', error))
    this.#init = init
    this.#fs = components.fs ?? systemFiles
    this.#known = { ...init.known }
    this.#meter = new RateMeter(components.clock)
    this.digest = init.digest
  }

  get state(): DownloadState {
    return this.#state
  }

  /** Why it failed, or paused by itself. */
  get failure(): Failure | undefined {
    return this.#failure
  }

  /** Manifest, leaves, key and the rest, as far as they are known. */
  get facts(): Readonly<DownloadFacts> {
    return this.#known
  }

  /** The chunks that are here, for players and other peers; absent until the key is known. Stays valid when the file is finished. */
  get store(): ChunkStore | undefined {
    return this.#video
  }

  /** Where players say what they need; absent until the key is known. */
  get playhead(): Playhead | undefined {
    return this.#playhead
  }

  /** A player is about to open: what it reads first is fetched first. */
  expectPlayer(): void {
    this.#isPlayerExpected = true
    this.#playhead?.expectPlayer()
  }

  /** Connected holders. */
  get holders(): number {
    return this.#swarm?.peers.length ?? 0
  }

  /** Chunk payload, averaged over three seconds. */
  get bytesPerSecond(): number {
    return this.#state === 'transferring' ? this.#meter.bytesPerSecond : 0
  }

  /** State and holders of each chunk, once the manifest is known. */
  get chunkMap(): ChunkMap | undefined {
    const { manifest } = this.#known
    if (!manifest) return undefined
    return drawChunkMap({
      digest: this.digest,
      geometry: manifest,
      have: this.#video?.have,
      requested: this.#transfer?.requested,
      holders: (this.#swarm?.peers ?? []).map(peer => peer.session.have),
      waitingFor: this.#playhead?.waitingFor
    })
  }

  get #patience(): number {
    return this.#init.patienceMilliseconds ?? DEFAULT_PATIENCE
  }

  /** Begins, or begins again after a pause or a failure. */
  start(): void {
    if (this.#state !== 'paused' && this.#state !== 'failed') return
    this.#failure = undefined
    const stopping = new AbortController()
    const previous = this.#running
    this.#stopping = stopping
    this.#move('start')
    this.#running = previous.then(() => this.#run(stopping.signal))
  }

  /**
   * Stops fetching; what is here stays and can still be served. Resolves when nothing is fetched any more; a file that is being
   * put in its place gets there without being waited for.
   */
  async pause(): Promise<void> {
    this.#move('pause')
    this.#abort()
    if (this.#isFinishing) return
    await this.#running
    await this.#video?.flush()
  }

  /** Stops for a reason that no holder can mend. What is here stays; a finished download does too. */
  fail(reason: PeerError): void {
    if (this.#state === 'complete' || this.#isFinishing) return
    this.#fail(reason)
    this.#abort()
  }

  /** Stops and lets go of the files; a later `Download` with the same facts carries on. */
  async close(): Promise<void> {
    await this.#stop()
    await this.#video?.close()
  }

  /** Stops and deletes what has arrived. A finished file stays. */
  async discard(): Promise<void> {
    await this.#stop()
    if (this.#video) return await this.#video.discard()
    const { partPath, finished, manifest } = this.#known
    if (partPath !== undefined && !finished) await this.#fs.rm(partPath, { force: true })
    if (!manifest) return
    const journal = await this.#components.openJournal(manifest.count)
    await journal.delete()
  }

  #abort(): void {
    this.#stopping?.abort(new PeerError('ABORTED', 'The download was stopped.'))
  }

  async #stop(): Promise<void> {
    this.#abort()
    await this.#running
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#state === 'complete') return
    const swarm = new Swarm(this.#components, {
      isLacking: () => this.#isLackingHolders(),
      unheld: () => this.#unheld(),
      isUseful: ({ session }) => !this.#video || hasAnyMissing(session.have, this.#video.have),
      onChange: () => this.#onSwarmChange()
    })
    this.#swarm = swarm
    try {
      swarm.start()
      await this.#fetch(swarm, signal)
    } catch (error) {
      if (signal.aborted) this.#components.log.debug(`Stopped: ${toPeerError(error).message}`)
      else this.#fail(toPeerError(error))
    } finally {
      this.#swarm = undefined
      await swarm.stop()
      this.events.emit('progress', undefined)
    }
  }

  async #fetch(swarm: Swarm, signal: AbortSignal): Promise<void> {
    const video = this.#video ?? (await this.#open(swarm, signal))
    if (video.unverified.size > 0) {
      this.#move('recheck')
      await video.recheck(signal)
      this.#move('rechecked')
    }
    this.#move('key-known')
    this.#onSwarmChange()
    await this.#adopt(video, signal)
    const { finish } = video
    if (!finish || !video.have.isFull) await this.#transferAll(swarm, video, signal)
    if (finish) await this.#finish(video, () => finish.call(video))
  }

  async #open(swarm: Swarm, signal: AbortSignal): Promise<DownloadStore> {
    const opening = new VideoOpening(this.#components, {
      id: this.#init.id,
      digest: this.digest,
      target: this.#init.target,
      openCiphertext: this.#init.openCiphertext,
      fs: this.#fs,
      known: this.#known,
      patienceMilliseconds: this.#patience,
      learn: facts => this.#learn(facts),
      onAsking: () => this.#move('manifest-known'),
      onWanted: () => this.#transfer?.plan(),
      onStale: reason => this.#onStale(reason)
    })
    const { video, playhead } = await opening.open(swarm, signal)
    video.onHave(index => this.#onChunk(index))
    video.follow(playhead)
    if (this.#isPlayerExpected) playhead.expectPlayer()
    this.#playhead = playhead
    this.#video = video
    return video
  }

  /** Takes over what was kept while the video was only watched. */
  async #adopt(video: DownloadStore, signal: AbortSignal): Promise<void> {
    const { adopt } = this.#init
    if (!adopt) return
    for (const index of adopt.have.without(video.have)) {
      signal.throwIfAborted()
      // What is damaged is fetched again.
      const plaintext = await adopt.readPlain(index, signal).catch(() => undefined)
      if (plaintext) await video.keep(index, plaintext)
    }
    await adopt.discard()
  }

  async #transferAll(swarm: Swarm, video: DownloadStore, signal: AbortSignal): Promise<void> {
    const { clock, random, log, budget, strategy = DEFAULT_STRATEGY } = this.#components
    const playhead = this.#playhead
    if (!playhead) throw new PeerError('INTERNAL', 'The download has no playhead.')
    const transfer = new Transfer({
      clock,
      random,
      strategy,
      log,
      swarm,
      budget,
      playhead,
      geometry: video.secrets.cipher.geometry,
      open: (index, sealed) => video.accept(index, sealed),
      have: video.have,
      meter: this.#meter,
      store: (index, accepted) => video.keep(index, accepted),
      spareBytes: () => video.spareBytes,
      isEndless: !video.finish
    })
    this.#transfer = transfer
    const giveUp = new AbortController()
    const cancelPatience = clock.after(this.#patience, () => {
      const isHelpless = swarm.peers.every(({ session }) => session.have.size === 0)
      if (video.have.size === 0 && isHelpless) giveUp.abort(noHolders())
    })
    try {
      await transfer.run(AbortSignal.any([signal, giveUp.signal]))
    } finally {
      cancelPatience()
      this.#transfer = undefined
    }
  }

  async #finish(video: DownloadStore, finish: () => Promise<FinishedFile>): Promise<void> {
    this.#move('all-chunks-stored')
    this.#isFinishing = true
    const file = await finish()
      .catch(error => this.#openAgainNextTime(video, error))
      .finally(() => {
        this.#isFinishing = false
      })
    this.#move('file-in-place')
    this.#components.log.info(`${this.digest.slice(0, 8)} is complete`)
    this.events.emit('complete', file)
  }

  /** What is on disk is not what we think it is, or cannot be finished: the next start looks at it afresh. */
  async #openAgainNextTime(video: DownloadStore, error: unknown): Promise<never> {
    this.#video = undefined
    this.#playhead = undefined
    await video.close()
    throw error
  }

  #onStale(reason: PeerError): void {
    this.#components.log.warn('The finished file can no longer be served', reason)
    this.#playhead?.fail(reason)
    this.events.emit('stale', reason)
  }

  #onChunk(index: number): void {
    this.#playhead?.chunkStored(index)
    this.events.emit('chunk', index)
    this.events.emit('progress', undefined)
  }

  #onSwarmChange(): void {
    if (this.#video) this.#move(this.holders > 0 ? 'holder-found' : 'holders-lost')
    this.#reportHave()
    this.#swarm?.searchIfLacking()
    this.#transfer?.plan()
    this.events.emit('progress', undefined)
  }

  /** Tells holders what is here: they may fetch from us what they lack. */
  #reportHave(): void {
    if (!this.#video) return
    for (const peer of this.#swarm?.peers ?? []) {
      if (this.#reportedTo.has(peer)) continue
      this.#reportedTo.add(peer)
      peer.session.reportHave(this.#video)
    }
  }

  #isLackingHolders(): boolean {
    const peers = this.#swarm?.peers ?? []
    if (peers.length === 0 || !this.#video) return peers.length === 0
    return isAnyHeldByNone(
      this.#video.have.missing(),
      peers.map(({ session }) => session.have)
    )
  }

  #unheld(): IndexRange[] {
    if (!this.#video) return []
    const { have } = this.#video
    const holdings = (this.#swarm?.peers ?? []).map(({ session }) => session.have)
    return heldByNone(have, holdings).toRanges()
  }

  async #learn(facts: DownloadFacts): Promise<void> {
    await this.#components.keep(facts)
    Object.assign(this.#known, facts)
    this.events.emit('progress', undefined)
  }

  #fail(error: PeerError): void {
    this.#failure = { code: error.code, message: error.message }
    this.#components.log.warn(`${this.digest.slice(0, 8)} stopped: ${error.code}`, error.cause ?? error)
    this.#move(PAUSING.has(error.code) ? 'pause' : 'fail')
  }

  #move(transition: DownloadTransition): void {
    const next = nextState(this.#state, transition)
    if (next === this.#state) return
    this.#components.log.debug(`${this.digest.slice(0, 8)}: ${this.#state} → ${next}`)
    this.#state = next
    this.events.emit('state', next)
  }
}
