import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DownloadState } from '../../../src/peer/api.ts'
import { type Clock, systemClock } from '../../../src/peer/clock.ts'
import type { Holder } from '../../../src/peer/download/chunk-holder.ts'
import { Download, type DownloadFacts, type DownloadInit } from '../../../src/peer/download/download.ts'
import type { FileSystem } from '../../../src/peer/download/file-system.ts'
import { InFlightBudget } from '../../../src/peer/download/in-flight-budget.ts'
import { SealedCache } from '../../../src/peer/download/sealed-cache.ts'
import type { FinishedFile } from '../../../src/peer/download/unfinished-video.ts'
import { PeerError } from '../../../src/peer/errors.ts'
import { BanList } from '../../../src/peer/exchange/ban-list.ts'
import { openDataFolder } from '../../../src/peer/library/data-folder.ts'
import { Journal } from '../../../src/peer/library/journal.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import type { FakeHolder } from './fake-holder.ts'
import { FakeNews } from './fake-news.ts'
import type { SampleVideo } from './sample-video.ts'
import { seededRandom } from './seeded-random.ts'
import { SmallDisk } from './small-disk.ts'

/** A data folder, a download folder and a swarm of fake holders in this process. */
export class DownloadBench {
  readonly video: SampleVideo
  readonly folder: string
  readonly dataFolder: Awaited<ReturnType<typeof openDataFolder>>
  readonly bans: BanList
  readonly clock: Clock
  /** Who a search finds. */
  found: FakeHolder[] = []
  searches = 0
  /** What holders tell by themselves. */
  readonly news = new FakeNews()
  /** Peers that others may tell of and this one does not dial. */
  undialable = new Set<string>()
  facts: DownloadFacts = {}
  fs: FileSystem | undefined
  /** Before what a download learns is kept. */
  onKeep: (facts: DownloadFacts) => Promise<void> = () => Promise.resolve()
  onKeyRequest: (peerId: string) => Promise<void> = () => Promise.resolve()
  readonly #holders = new Map<string, FakeHolder>()
  readonly #downloads: Download[] = []

  private constructor(
    video: SampleVideo,
    folder: string,
    dataFolder: DownloadBench['dataFolder'],
    clock: Clock
  ) {
    this.video = video
    this.folder = folder
    this.dataFolder = dataFolder
    this.clock = clock
    this.bans = new BanList(clock)
  }

  static async create(video: SampleVideo, clock: Clock = systemClock): Promise<DownloadBench> {
    const folder = await mkdtemp(join(tmpdir(), 'chordcast-download-'))
    const dataFolder = await openDataFolder(await mkdtemp(join(tmpdir(), 'chordcast-data-')))
    return new DownloadBench(video, folder, dataFolder, clock)
  }

  /** A download of the video that a search finds these holders for; what it learns is kept for the next one. */
  download(holders: readonly FakeHolder[], init: Partial<DownloadInit> = {}): Download {
    this.found = [...holders]
    for (const holder of holders) this.#holders.set(holder.peerId, holder)
    const download = new Download(
      {
        findHolders: () => this.#search(),
        news: this.news,
        openSession: async holder => this.#require(holder.peerId).open(),
        dialable: async holders => holders.filter(({ peerId }) => !this.undialable.has(peerId)),
        requestKey: async (_manifest, peerId) => {
          await this.onKeyRequest(peerId)
          return this.video.contentKey
        },
        openJournal: () => this.openJournal(),
        keep: async facts => {
          await this.onKeep(facts)
          this.facts = { ...this.facts, ...facts }
        },
        clock: this.clock,
        random: seededRandom(7),
        log: silentLogger,
        bans: this.bans,
        budget: new InFlightBudget(),
        cache: new SealedCache(),
        ...(this.fs && { fs: this.fs })
      },
      {
        id: this.video.id,
        digest: this.video.digest,
        target: { folder: this.folder },
        known: this.facts,
        ...init
      }
    )
    this.#downloads.push(download)
    return download
  }

  /** A holder that no search finds. */
  addStranger(holder: FakeHolder): void {
    this.#holders.set(holder.peerId, holder)
  }

  /** A holder that becomes known to searches from now on. */
  addHolder(holder: FakeHolder): void {
    this.#holders.set(holder.peerId, holder)
    this.found.push(holder)
  }

  /** A holder that is there and that no search finds. */
  hideHolder(holder: FakeHolder): void {
    this.#holders.set(holder.peerId, holder)
  }

  openJournal(): Promise<Journal> {
    return Journal.open(this.dataFolder, this.video.digest, this.video.manifest.count, silentLogger)
  }

  /** From now on only `writes` chunks fit on the disk, until it is freed. */
  fillDiskAfter(writes: number): { free(): void } {
    const disk = new SmallDisk(writes)
    this.fs = disk
    return disk
  }

  read(name: string): Promise<Buffer> {
    return readFile(join(this.folder, name))
  }

  async remove(): Promise<void> {
    await Promise.all(this.#downloads.map(download => download.close()))
    await rm(this.folder, { recursive: true, force: true })
    await rm(this.dataFolder.path, { recursive: true, force: true })
  }

  async *#search(): AsyncGenerator<Holder> {
    this.searches++
    for (const { peerId } of this.found) yield { peerId, addresses: [] }
  }

  #require(peerId: string): FakeHolder {
    const holder = this.#holders.get(peerId)
    if (!holder) throw new PeerError('PEER_UNREACHABLE', 'Nobody answers there.')
    return holder
  }
}

/** Resolves when the download is in that state. */
export function reaches(download: Download, state: DownloadState): Promise<void> {
  if (download.state === state) return Promise.resolve()
  return new Promise(resolve => {
    const stop = download.events.on('state', now => {
      if (now !== state) return
      stop()
      resolve()
    })
  })
}

/** Resolves once the file is in its place; rejects when the download fails. */
export function completes(download: Download): Promise<FinishedFile> {
  return new Promise((resolve, reject) => {
    download.events.on('complete', resolve)
    download.events.on('state', state => {
      if (state === 'failed') reject(new Error(`${download.failure?.code}: ${download.failure?.message}`))
    })
  })
}

/** Resolves when so many chunks are stored. */
export function stores(download: Download, count: number): Promise<void> {
  return new Promise(resolve => {
    const stop = download.events.on('chunk', () => {
      if ((download.store?.have.size ?? 0) < count) return
      stop()
      resolve()
    })
  })
}
