import { rm } from 'node:fs/promises'
import type {
  Caption,
  CatalogueEntry,
  ChunkMap,
  ConnectedPeerSnapshot,
  Digest,
  FetchOptions,
  FileInspection,
  LookupOptions,
  LookupResult,
  LookupStep,
  PeerEventName,
  PeerEvents,
  PeerStatus,
  Poster,
  ShareOptions,
  VerifyResult,
  VideoSnapshot
} from './api.ts'
import { type Clock, systemClock } from './clock.ts'
import { formatLink, MAX_LINK_ADDRESSES } from './content/link.ts'
import type { PeerInit, RunningPeer } from './control/peer-factory.ts'
import { CiphertextCache } from './download/ciphertext-cache.ts'
import { InFlightBudget } from './download/in-flight-budget.ts'
import { SealedCache } from './download/sealed-cache.ts'
import { verifyFile } from './download/verify-file.ts'
import { PeerError, toPeerError } from './errors.ts'
import { EventEmitter, type Unsubscribe } from './event-emitter.ts'
import { BanList } from './exchange/ban-list.ts'
import { TokenBucket } from './exchange/token-bucket.ts'
import { makeFastStartCopy } from './inspection/fast-start.ts'
import { KeptReputations } from './library/kept-reputations.ts'
import { KeptTombstones } from './library/kept-tombstones.ts'
import { Library } from './library/library.ts'
import { createLogger, type Logger } from './log.ts'
import { linkAddresses } from './node/link-addresses.ts'
import { chooseListenPort } from './node/listen-addresses.ts'
import { Network } from './node/network.ts'
import { Presence } from './node/presence.ts'
import { TrafficBook } from './node/traffic-book.ts'
import { type Random, systemRandom } from './random.ts'
import { StreamServer } from './stream/stream-server.ts'
import { Ciphertexts } from './video/ciphertexts.ts'
import { inspectSource } from './video/describe-source.ts'
import { Describing } from './video/describing.ts'
import { Fetching } from './video/fetching.ts'
import { Granting } from './video/granting.ts'
import { Listing } from './video/listing.ts'
import { Playing } from './video/playing.ts'
import { Sharing } from './video/sharing.ts'
import { Unsharing } from './video/unsharing.ts'
import type { Video } from './video/video.ts'
import { chunkMapOf } from './video/video-chunk-map.ts'
import { VideoFiles } from './video/video-files.ts'
import { VideoLookup } from './video/video-lookup.ts'
import { VideoShelf } from './video/video-shelf.ts'

/** What taking back one record may take. Milliseconds. */
const WITHDRAW_DEADLINE = 1_500

const SEAL_LOST =
  'The key to your Chordcast identity was lost, so you have a new one: share your videos again, and fetch unfinished ones again.'

/** For tests; the real ones otherwise. */
export interface PeerEnvironment {
  clock?: Clock
  random?: Random
}

/** What a peer is made of, read from its data folder. */
interface Kept {
  library: Library
  tombstones: KeptTombstones
  reputations: KeptReputations
}

/** Makes a peer on an opened data folder: reads its library, and waits to be joined. */
export async function createPeer(init: PeerInit, environment: PeerEnvironment = {}): Promise<RunningPeer> {
  const log = createLogger('library', init.log)
  const library = await Library.load(init.folder, log)
  const tombstones = await KeptTombstones.load(init.folder, log)
  const reputations = await KeptReputations.load(init.folder, environment.clock ?? systemClock, log)
  const peer = new Peer(init, { library, tombstones, reputations }, environment)
  await peer.load()
  return peer
}

/** The engine: the parts in the order of data flow, and the calls of `PeerApi` led to them. */
class Peer implements RunningPeer {
  readonly #init: PeerInit
  readonly #log: Logger
  readonly #events: EventEmitter<PeerEvents>
  readonly #closing = new AbortController()
  readonly #traffic: TrafficBook
  readonly #bans: BanList
  readonly #reputations: KeptReputations
  readonly #shelf: VideoShelf
  readonly #files: VideoFiles
  readonly #ciphertexts: Ciphertexts
  readonly #sharing: Sharing
  readonly #unsharing: Unsharing
  readonly #fetching: Fetching
  readonly #describing: Describing
  readonly #granting: Granting
  readonly #streams: StreamServer
  readonly #playing: Playing
  readonly #presence: Presence
  readonly #lookup: VideoLookup
  readonly #listing: Listing

  constructor(init: PeerInit, { library, tombstones, reputations }: Kept, environment: PeerEnvironment) {
    const { folder, keystore, settings } = init
    const { clock = systemClock, random = systemRandom } = environment
    const { identity } = keystore
    const log = (component: string): Logger => createLogger(component, this.#emitLog)
    const cache = new SealedCache()
    const shelf = new VideoShelf({ library, keystore, clock, log: log('library') })
    const ciphertexts = new Ciphertexts({
      folder,
      cache: new CiphertextCache(settings.cacheQuota),
      clock,
      log: log('library')
    })
    const files = new VideoFiles({
      shelf,
      library,
      cache,
      ciphertexts,
      log: log('library'),
      onStale: video => this.#background(this.#withdraw(video), 'a record was not withdrawn')
    })
    this.#init = init
    this.#log = log('peer')
    this.#events = new EventEmitter(error =>
      init.log({
        time: Date.now(),
        level: 'error',
        component: 'peer',
        message: `a listener failed: ${String(error)}`
      })
    )
    this.#traffic = new TrafficBook(clock)
    this.#bans = new BanList(clock)
    this.#reputations = reputations
    this.#shelf = shelf
    this.#files = files
    this.#ciphertexts = ciphertexts
    this.#sharing = new Sharing({
      shelf,
      library,
      owner: identity,
      clock,
      random,
      log: log('share'),
      onProgress: progress => this.#events.emit('shareProgress', progress)
    })
    this.#unsharing = new Unsharing({
      shelf,
      files,
      tombstones,
      owner: identity,
      clock,
      random,
      log: log('share'),
      network: () => this.#presence.network
    })
    this.#fetching = new Fetching({
      shelf,
      library,
      files,
      folder,
      downloadFolder: settings.downloadFolder,
      bans: this.#bans,
      reputations: reputations.book,
      budget: new InFlightBudget(),
      cache,
      ciphertexts,
      clock,
      random,
      ...(settings.strategy ? { strategy: settings.strategy } : {}),
      log: log('download'),
      network: () => this.#presence.network,
      onHave: video => this.#announce(video),
      unsharing: this.#unsharing
    })
    this.#describing = new Describing({ shelf, library })
    this.#granting = new Granting({ shelf, identity, clock })
    this.#streams = new StreamServer({ random, log: log('stream') })
    this.#playing = new Playing({
      shelf,
      files,
      streams: this.#streams,
      resume: video => this.#fetching.resume(video)
    })
    this.#presence = new Presence({
      peerId: identity.peerId.toString(),
      dataFolder: folder.path,
      notice: keystore.sealLost ? SEAL_LOST : undefined,
      clock,
      traffic: this.#traffic,
      log: log('peer'),
      startNetwork: () => this.#startNetwork(clock, random),
      onJoined: () => this.#onJoined(),
      onLeaving: () => this.#onLeaving(),
      onStatus: status => this.#onStatus(status)
    })
    this.#listing = new Listing({ shelf, clock, network: () => this.#presence.network })
    this.#lookup = new VideoLookup({ shelf, files, presence: this.#presence, clock })
    shelf.events.on('video', video => this.#events.emit('video', video))
    shelf.events.on('videoRemoved', removed => this.#events.emit('videoRemoved', removed))
  }

  async load(): Promise<void> {
    if (this.#init.keystore.sealLost) this.#log.warn(SEAL_LOST)
    await this.#shelf.load()
    for (const video of this.#unsharing.halfEnded()) await this.#shelf.remove(video)
    const whole = this.#shelf.list().filter(isWhole)
    const watched = this.#shelf.list().filter(({ entry }) => entry.watchOnly)
    await this.#ciphertexts.sweep(watched)
    for (const video of [...whole, ...watched]) await this.#openFile(video)
    await this.#ciphertexts.trim()
    // Files that were touched are read in full: nobody waits for that.
    this.#background(this.#checkFiles(whole), 'files were not checked')
  }

  on<Name extends PeerEventName>(event: Name, listener: (value: PeerEvents[Name]) => void): Unsubscribe {
    return this.#events.on(event, listener)
  }

  async status(): Promise<PeerStatus> {
    return this.#presence.status()
  }

  join(bootstrap: readonly string[], signal?: AbortSignal): Promise<PeerStatus> {
    return this.#presence.join(bootstrap, signal)
  }

  leave(): Promise<void> {
    return this.#presence.leave()
  }

  async close({ hurry = false } = {}): Promise<void> {
    this.#closing.abort(new PeerError('ABORTED', 'The peer is closing.'))
    await this.#presence.leave(hurry)
    await this.#fetching.closeAll()
    await this.#streams.close()
    await this.#reputations.close()
  }

  async share(path: string, options: ShareOptions = {}, signal?: AbortSignal): Promise<VideoSnapshot> {
    const either = this.#untilClosed(signal)
    const copy = options.fastStart ? await makeFastStartCopy(path, either) : undefined
    const video = await this.#sharing.share(copy ?? path, options, either)
    if (!video.file) await this.#files.open(video)
    this.#announce(video)
    if (options.listed !== undefined) await this.#listing.set(video, options.listed)
    return video.snapshot()
  }

  inspect(path: string, signal?: AbortSignal): Promise<FileInspection> {
    return inspectSource(path, { log: this.#log, signal: this.#untilClosed(signal) })
  }

  async fetch(idOrLink: string, options: FetchOptions = {}): Promise<VideoSnapshot> {
    return (await this.#fetching.fetch(idOrLink, options)).snapshot()
  }

  async pause(digest: Digest): Promise<void> {
    await this.#fetching.pause(this.#shelf.get(digest))
  }

  async resume(digest: Digest): Promise<void> {
    await this.#fetching.resume(this.#shelf.get(digest))
  }

  async stopSharing(digest: Digest): Promise<void> {
    const video = this.#shelf.get(digest)
    if (video.entry.origin === 'shared') await this.#unsharing.end(video)
    await this.remove(digest)
  }

  async remove(digest: Digest, deleteFile = false): Promise<void> {
    const video = this.#shelf.get(digest)
    const { origin, path } = video.entry
    this.#streams.remove(digest)
    if (origin === 'fetched') await this.#fetching.discard(video)
    await this.#shelf.remove(video)
    await this.#ciphertexts.delete(video)
    if (video.entry.listed) this.#listing.changed()
    await this.#withdraw(video)
    if (deleteFile && origin === 'fetched' && path !== undefined) await rm(path, { force: true })
  }

  async videos(): Promise<VideoSnapshot[]> {
    return this.#shelf.list().map(video => video.snapshot())
  }

  async setListed(digest: Digest, listed: boolean): Promise<void> {
    await this.#listing.set(this.#shelf.get(digest), listed)
  }

  catalogue(wait: number, signal?: AbortSignal): Promise<CatalogueEntry[]> {
    return this.#listing.catalogue(wait, this.#untilClosed(signal))
  }

  async connectedPeers(): Promise<ConnectedPeerSnapshot[]> {
    return this.#presence.network?.connectedPeers() ?? []
  }

  async chunkMap(digest: Digest): Promise<ChunkMap> {
    return chunkMapOf(this.#shelf.get(digest), this.#traffic.holdingsOf(digest))
  }

  poster(digest: Digest): Promise<Poster | undefined> {
    return this.#describing.poster(digest)
  }

  captions(digest: Digest): Promise<Caption[]> {
    return this.#describing.captions(digest)
  }

  async link(digest: Digest): Promise<string> {
    const addresses = linkAddresses(this.#presence.network?.addresses ?? [], MAX_LINK_ADDRESSES)
    return formatLink({ id: this.#shelf.get(digest).id, addresses })
  }

  lookup(idOrLink: string, { name }: LookupOptions = {}, signal?: AbortSignal): Promise<LookupResult> {
    const onStep = (step: LookupStep): void => {
      if (name !== undefined) this.#events.emit('lookupStep', { name, step })
    }
    return this.#lookup.lookup(idOrLink, onStep, this.#untilClosed(signal))
  }

  async verify(path: string, idOrLink: string, signal?: AbortSignal): Promise<VerifyResult> {
    const either = this.#untilClosed(signal)
    return await verifyFile({ path, secrets: await this.#lookup.secrets(idOrLink, either), signal: either })
  }

  streamUrl(digest: Digest): Promise<string> {
    return this.#playing.url(digest)
  }

  streamOrigin(): Promise<string> {
    return this.#streams.origin()
  }

  expectPlayer(digest: Digest): Promise<string> {
    return this.#playing.expect(digest)
  }

  async allowStreamHost(authority: string): Promise<void> {
    this.#streams.allowHost(authority)
  }

  async #startNetwork(clock: Clock, random: Random): Promise<Network> {
    const { folder, keystore, settings } = this.#init
    const port = await chooseListenPort(settings, folder)
    return await Network.start({
      keystore,
      settings,
      port,
      uploadLimiter: new TokenBucket(settings.uploadLimit, clock),
      downloadLimiter: new TokenBucket(settings.downloadLimit, clock),
      traffic: this.#traffic,
      bans: this.#bans,
      clock,
      random,
      log: this.#emitLog,
      listed: () => this.#listing.listed(),
      served: digest => this.#shelf.find(digest)?.served(),
      grantFor: (digest, request, peerId) => this.#granting.grant(digest, request, peerId),
      onUploaded: (digest, bytes) => this.#onUploaded(digest, bytes),
      onHoldings: digest => this.#onHoldings(digest)
    })
  }

  async #onJoined(): Promise<void> {
    for (const video of this.#shelf.list()) this.#announce(video)
    await this.#unsharing.start()
    await this.#fetching.resumeAll()
  }

  async #onLeaving(): Promise<void> {
    this.#unsharing.stop()
    await this.#fetching.suspendAll()
  }

  #onStatus(status: PeerStatus): void {
    for (const video of this.#shelf.list()) this.#countHolders(video)
    this.#events.emit('status', status)
    this.#events.emit('peers', this.#presence.network?.connectedPeers() ?? [])
  }

  #onUploaded(digest: Digest, bytes: number): void {
    const video = this.#shelf.find(digest)
    video?.upload.add(bytes)
    if (!video) return
    this.#presence.network?.hints.touch(video)
    this.#shelf.changed(video)
  }

  #onHoldings(digest: Digest): void {
    const video = this.#shelf.find(digest)
    if (video) this.#countHolders(video)
  }

  #countHolders(video: Video): void {
    const holders = this.#traffic.holdingsOf(video.digest).length
    if (holders === video.knownHolders) return
    video.knownHolders = holders
    this.#shelf.changed(video)
  }

  #announce(video: Video): void {
    const have = video.store?.have
    if (video.entry.state === 'stale' || video.isUnshared) return
    if (this.#shelf.find(video.digest) !== video) return
    if (have && have.size > 0) this.#presence.network?.announce(video, have)
  }

  async #withdraw(video: Video): Promise<void> {
    await this.#presence.network?.withdraw(video, AbortSignal.timeout(WITHDRAW_DEADLINE))
  }

  async #openFile(video: Video): Promise<void> {
    try {
      await this.#files.open(video)
    } catch (error) {
      this.#log.warn(`${video.digest.slice(0, 8)} cannot be served`, toPeerError(error))
    }
  }

  async #checkFiles(videos: readonly Video[]): Promise<void> {
    for (const video of videos) {
      if (this.#closing.signal.aborted) return
      const wasStale = video.entry.state === 'stale'
      await this.#files.check(video)
      if (wasStale) this.#announce(video)
    }
  }

  #background(work: Promise<unknown>, complaint: string): void {
    work.catch((error: unknown) => this.#log.warn(complaint, toPeerError(error)))
  }

  #untilClosed(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
  }

  readonly #emitLog: PeerInit['log'] = line => {
    this.#init.log(line)
    this.#events.emit('log', line)
  }
}

/** Whether all of a video is, or once was, in one file: shared, or fetched to its end. */
function isWhole({ entry }: Video): boolean {
  return entry.state === 'sharing' || entry.state === 'stale' || entry.state === 'complete'
}
