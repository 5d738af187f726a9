import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Digest, FetchOptions } from '../api.ts'
import type { Clock } from '../clock.ts'
import { digestOf } from '../content/content-id.ts'
import { parseIdOrLink, type VideoLink } from '../content/link.ts'
import type { Holder, HolderSession } from '../download/chunk-holder.ts'
import { Download, type DownloadFacts, type DownloadInit } from '../download/download.ts'
import { systemFiles } from '../download/file-system.ts'
import type { InFlightBudget } from '../download/in-flight-budget.ts'
import type { ReputationBook } from '../download/reputation.ts'
import type { SealedCache } from '../download/sealed-cache.ts'
import { type DownloadTarget, resolveTarget } from '../download/target.ts'
import { PeerError, toPeerError } from '../errors.ts'
import type { BanList } from '../exchange/ban-list.ts'
import type { DataFolder } from '../library/data-folder.ts'
import { Journal } from '../library/journal.ts'
import type { Library } from '../library/library.ts'
import type { LibraryEntry } from '../library/library-entry.ts'
import type { Logger } from '../log.ts'
import type { Network } from '../node/network.ts'
import type { Random } from '../random.ts'
import type { Strategy } from '../strategy.ts'
import type { Ciphertexts } from './ciphertexts.ts'
import { described, metadataOf } from './describing.ts'
import { type Unsharing, videoUnshared } from './unsharing.ts'
import type { Video } from './video.ts'
import type { VideoFiles } from './video-files.ts'
import type { VideoShelf } from './video-shelf.ts'

/** Milliseconds between two announcements of what has arrived; the ring rewrites a record less often still. */
const ANNOUNCE_INTERVAL = 5_000

export interface FetchingInit {
  shelf: VideoShelf
  library: Library
  files: VideoFiles
  folder: DataFolder
  /** Where finished files go unless the caller says otherwise. */
  downloadFolder: string
  bans: BanList
  reputations: ReputationBook
  budget: InFlightBudget
  cache: SealedCache
  ciphertexts: Ciphertexts
  clock: Clock
  random: Random
  strategy?: Strategy
  log: Logger
  /** The network while this peer is joined. */
  network(): Network | undefined
  /** This peer has something of the video to announce that it had not before. */
  onHave(video: Video): void
  unsharing: Unsharing
}

/** Turns IDs and links into downloads, and keeps those going that were under way. */
export class Fetching {
  readonly #init: FetchingInit
  readonly #adding = new Map<Digest, Promise<Video>>()
  readonly #creating = new Map<Digest, Promise<Download>>()

  constructor(init: FetchingInit) {
    this.#init = init
  }

  /**
   * Begins a download, or goes on with one that is known. Resolves once it is kept in the library.
   * @throws PeerError ID_INVALID, LINK_INVALID, FOLDER_UNWRITABLE, FILE_EXISTS
   */
  async fetch(idOrLink: string, options: FetchOptions): Promise<Video> {
    const link = parseIdOrLink(idOrLink)
    const digest = digestOf(link.id)
    const underWay = this.#adding.get(digest)
    if (underWay) return await underWay
    const known = this.#init.shelf.find(digest)
    const adding = known ? this.#fetchAgain(known, link, options) : this.#fetchNew(link, options)
    this.#adding.set(digest, adding)
    try {
      return await adding
    } finally {
      this.#adding.delete(digest)
    }
  }

  /** Goes on after a pause or a failure. */
  async resume(video: Video): Promise<void> {
    if (video.entry.origin !== 'fetched' || video.entry.state === 'complete') return
    video.failure = undefined
    await this.#init.shelf.update(video, { state: 'transferring' })
    await this.#begin(video)
  }

  /** Stops until `resume`; also over restarts. */
  async pause(video: Video): Promise<void> {
    if (video.entry.origin !== 'fetched' || video.entry.state === 'complete') return
    if (video.state === 'failed') return
    await this.#init.shelf.update(video, { state: 'paused' })
    await video.download?.pause()
  }

  /** Goes on with all downloads that were under way: called when the network is there. One that cannot go on keeps no other. */
  async resumeAll(): Promise<void> {
    for (const video of this.#init.shelf.list()) {
      if (video.entry.origin !== 'fetched' || video.entry.state !== 'transferring') continue
      // What is only watched goes on when somebody watches.
      if (video.entry.watchOnly && !video.download) continue
      try {
        await this.#begin(video)
      } catch (error) {
        await this.#cannotBegin(video, toPeerError(error))
      }
    }
  }

  /** Stops all downloads without forgetting that they were under way. */
  async suspendAll(): Promise<void> {
    await Promise.all(this.#init.shelf.list().map(video => video.download?.pause()))
  }

  /** Stops for good and deletes what has arrived; a finished file stays, and ciphertext: its key is to go first. */
  async discard(video: Video): Promise<void> {
    const { download, entry } = video
    video.download = undefined
    if (entry.watchOnly) await download?.close()
    else await download?.discard()
    if (entry.partPath !== undefined) await rm(entry.partPath, { force: true })
    await rm(join(this.#init.folder.journal, video.digest), { force: true })
  }

  /** Stops all downloads and lets go of their files. */
  async closeAll(): Promise<void> {
    await Promise.all(this.#init.shelf.list().map(video => video.download?.close()))
  }

  async #fetchNew(link: VideoLink, options: FetchOptions): Promise<Video> {
    const { shelf, clock } = this.#init
    const digest = digestOf(link.id)
    const place = await this.#newPlace(options)
    const video = await shelf.add({
      id: link.id,
      entry: {
        digest,
        origin: 'fetched',
        name: digest.slice(0, 8),
        mimeType: '',
        bytes: 0,
        chunkSize: 0,
        chunks: 0,
        policy: 'open',
        state: 'transferring',
        ...place,
        addedAt: clock.now(),
        viaAddresses: link.addresses
      }
    })
    await this.#begin(video)
    return video
  }

  async #fetchAgain(video: Video, link: VideoLink, options: FetchOptions): Promise<Video> {
    const { shelf } = this.#init
    if (video.entry.origin === 'shared') {
      const where = video.entry.path ?? video.entry.name
      throw new PeerError('FILE_EXISTS', `You share this video yourself, from ${where}. Watch it there.`)
    }
    if (await this.#hasNoPlace(video)) await this.#placeAnew(video, options)
    else if (video.entry.watchOnly && options.save !== false) await this.#save(video, options)
    else if (options.output !== undefined) await requireSamePlace(video.entry, options)
    const viaAddresses = [...new Set([...link.addresses, ...(video.entry.viaAddresses ?? [])])].slice(0, 16)
    await shelf.update(video, { viaAddresses })
    if (video.entry.state !== 'complete') await this.resume(video)
    return video
  }

  /** Whether it goes nowhere: its finished file is gone, or is another one by now. */
  async #hasNoPlace(video: Video): Promise<boolean> {
    const { state, path, target, watchOnly } = video.entry
    if (state !== 'complete') return path === undefined && target === undefined && !watchOnly
    await this.#init.files.check(video)
    return video.file === undefined || video.file.stale !== undefined
  }

  async #newPlace(options: FetchOptions): Promise<Pick<LibraryEntry, 'target' | 'watchOnly'>> {
    return options.save === false ? { watchOnly: true } : await this.#destination(options)
  }

  async #destination({ output, overwrite = false }: FetchOptions): Promise<{ target: DownloadTarget }> {
    const { downloadFolder } = this.#init
    return { target: await resolveTarget(output, downloadFolder, overwrite, systemFiles) }
  }

  /** What was only watched so far becomes a file; what is here is not fetched again. */
  async #save(video: Video, options: FetchOptions): Promise<void> {
    const { target } = await this.#destination(options)
    const { download } = video
    video.download = undefined
    await download?.close()
    const { watchOnly: _watchOnly, ...rest } = video.entry
    video.entry = { ...rest, target }
    await this.#init.shelf.update(video, { state: 'transferring' })
  }

  /** It is fetched once more, to where it is asked for this time. */
  async #placeAnew(video: Video, options: FetchOptions): Promise<void> {
    const place = await this.#newPlace(options)
    video.file = undefined
    video.failure = undefined
    const { path: _path, fileIdentity: _identity, ...rest } = video.entry
    video.entry = { ...rest, ...place, state: 'transferring' }
    await this.#init.shelf.update(video, {})
  }

  async #begin(video: Video): Promise<void> {
    const { network, shelf } = this.#init
    if (video.isUnshared) return await this.#cannotBegin(video, videoUnshared())
    if (!network()) return
    const download = await this.#downloadOf(video)
    // The network may have gone, or the video been removed, while manifest and leaves were read.
    if (!network() || shelf.find(video.digest) !== video) return
    download.start()
    shelf.changed(video)
  }

  async #cannotBegin(video: Video, { code, message, cause }: PeerError): Promise<void> {
    this.#init.log.warn(`${video.digest.slice(0, 8)} cannot go on: ${code}`, cause ?? message)
    video.failure = { code, message }
    await this.#init.shelf.update(video, { state: 'failed' })
  }

  /** The one download of a video, however many ask for it at a time. */
  async #downloadOf(video: Video): Promise<Download> {
    if (video.download) return video.download
    const creating = this.#creating.get(video.digest) ?? this.#createDownload(video)
    this.#creating.set(video.digest, creating)
    try {
      video.download = await creating
      return video.download
    } finally {
      this.#creating.delete(video.digest)
    }
  }

  async #createDownload(video: Video): Promise<Download> {
    const { folder, log, shelf } = this.#init
    const download = new Download(
      {
        ...this.#init,
        findHolders: signal => this.#findHolders(video, signal),
        openSession: (holder, signal) => this.#openSession(video, holder, signal),
        news: {
          listen: listener => this.#requireNetwork().hints.newsOf(video).listen(listener),
          ask: wanted => this.#init.network()?.hints.newsOf(video).ask(wanted)
        },
        dialable: holders => this.#requireNetwork().dialableHolders(holders),
        requestKey: async (manifest, peerId, signal) => {
          const holder = { peerId, addresses: [] }
          return await this.#requireNetwork().exchange.requestKey(video, manifest, holder, signal)
        },
        openJournal: count => Journal.open(folder, video.digest, count, log),
        keep: facts => this.#keep(video, facts)
      },
      {
        id: video.id,
        digest: video.digest,
        ...(await this.#placeOf(video)),
        known: await this.#knownFacts(video)
      }
    )
    download.events.on('state', () => this.#onState(video, download))
    download.events.on('progress', () => shelf.changed(video))
    download.events.on('chunk', () => {
      this.#init.network()?.hints.gained(video)
      this.#announceNowAndThen(video)
    })
    return download
  }

  /** A record names ranges of chunks: working them out for each chunk would cost more than storing it. */
  #announceNowAndThen(video: Video): void {
    const now = this.#init.clock.monotonic()
    const { have } = video.store ?? {}
    const isDue = have?.size === 1 || now - video.announcedAt >= ANNOUNCE_INTERVAL
    if (!isDue) return
    video.announcedAt = now
    this.#init.onHave(video)
  }

  async *#findHolders(video: Video, signal: AbortSignal): AsyncGenerator<Holder> {
    const linked = await this.#requireNetwork().linkedHolders(video)
    yield* linked
    const records = await this.#requireNetwork().records(video, signal)
    yield* records.others
    await this.#init.unsharing.hear(video, { ...records, others: [...linked, ...records.others] })
  }

  async #openSession(video: Video, holder: Holder, signal: AbortSignal): Promise<HolderSession> {
    return await this.#requireNetwork().exchange.openSession(video, holder, signal)
  }

  #requireNetwork(): Network {
    const network = this.#init.network()
    if (!network) throw new PeerError('NOT_JOINED', 'This peer has left the network. Join it again.')
    return network
  }

  /** Where the chunks of a video go. */
  async #placeOf(video: Video): Promise<Pick<DownloadInit, 'target' | 'openCiphertext' | 'adopt'>> {
    const { ciphertexts } = this.#init
    if (video.entry.watchOnly) {
      return { target: undefined, openCiphertext: secrets => ciphertexts.open(video, secrets) }
    }
    const { target = (await this.#destination({})).target } = video.entry
    return { target, adopt: video.ciphertext }
  }

  async #knownFacts(video: Video): Promise<DownloadFacts> {
    const content = await this.#init.files.loadContent(video)
    if (!content) return {}
    const { partPath } = video.entry
    const { contentKey } = video
    return {
      ...content,
      ...(contentKey ? { contentKey, metadata: metadataOf(content.manifest, contentKey) } : {}),
      ...(partPath === undefined ? {} : { partPath })
    }
  }

  async #keep(video: Video, facts: DownloadFacts): Promise<void> {
    const { library, shelf } = this.#init
    const { manifest, leaves, contentKey, metadata, partPath, finished } = facts
    if (manifest) {
      await this.#init.unsharing.learnOwner(video, manifest.ownerPeerId)
      await library.writeManifest(video.digest, manifest.bytes)
      const { byteLength, chunkSize, count } = manifest
      await shelf.update(video, { bytes: byteLength, chunkSize, chunks: count })
    }
    if (leaves) {
      await library.writeLeaves(video.digest, leaves)
      await this.#init.files.loadContent(video)
    }
    if (contentKey) await shelf.unlock(video, contentKey)
    if (metadata) await shelf.update(video, described(metadata))
    if (partPath !== undefined) await shelf.update(video, { partPath })
    if (finished) {
      const { partPath: _part, target: _target, ...rest } = video.entry
      video.entry = rest
      await shelf.update(video, { state: 'complete', path: finished.path, fileIdentity: finished.identity })
    }
  }

  /** From now on the finished file is served, and watched for changes, like a shared one. */
  async #becomeFile(video: Video): Promise<void> {
    await this.#init.files.open(video)
    if (video.file) video.download = undefined
    video.ciphertext = undefined
    this.#init.shelf.changed(video)
    this.#init.onHave(video)
  }

  #onState(video: Video, download: Download): void {
    const { shelf, log } = this.#init
    const { state, failure } = download
    shelf.changed(video)
    if (state === 'paused') this.#init.onHave(video)
    if (state === 'complete') {
      this.#becomeFile(video).catch(error => log.warn('a finished file was not opened', toPeerError(error)))
    }
    // A pause without a failure is the user's, or the end of the network: neither is decided here.
    if (!failure || (state !== 'failed' && state !== 'paused')) return
    shelf.update(video, { state }).catch(error => log.warn('the library was not written', toPeerError(error)))
  }
}

/**
 * A video has one place: asking for it elsewhere must not end with nothing there and no word.
 * @throws PeerError FILE_EXISTS
 */
async function requireSamePlace(entry: LibraryEntry, { output }: FetchOptions): Promise<void> {
  const { folder, fileName } = await resolveTarget(output, '', false, systemFiles)
  const isHere =
    entry.path === undefined
      ? folder === entry.target?.folder && fileName === entry.target.fileName
      : folder === dirname(entry.path) && (fileName === undefined || join(folder, fileName) === entry.path)
  if (isHere) return
  const where = entry.path ?? entry.target?.folder ?? 'another folder'
  throw new PeerError(
    'FILE_EXISTS',
    `This video is fetched to ${where} already. Copy it from there, or remove it first.`
  )
}
