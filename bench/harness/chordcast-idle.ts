import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { VideoSnapshot } from '../../src/peer/api.ts'
import { type OpenedPeer, openPeer } from '../../src/peer/control/open-peer.ts'
import { FileSealStore } from '../../src/peer/identity/seal-store.ts'
import { ChordcastSeeder, startChordcast } from './chordcast.ts'
import type { LineProcess } from './line-process.ts'
import type { Fetched, Fetcher, FetchOptions, SeedOptions, TransferSystem } from './transfer-system.ts'

const START_DEADLINE = 20_000

/** As `chordcast`, with fetchers that listen already and get their order when the clock starts, as the others' fetchers do. */
export const idleChordcast: TransferSystem = {
  name: 'chordcast',
  missing: async () => undefined,
  async seed(file, options: SeedOptions) {
    const seeder = await ChordcastSeeder.start(file, options)
    return {
      pid: seeder.pid,
      address: seeder.address,
      fetcher: folder => IdleFetcher.start(folder, seeder.address),
      sentBytes: () => seeder.sentBytes(),
      stop: () => seeder.stop()
    }
  }
}

class IdleFetcher implements Fetcher {
  readonly #link: string
  readonly #folder: string
  readonly #process: LineProcess
  readonly #peer: OpenedPeer

  private constructor(link: string, folder: string, process: LineProcess, peer: OpenedPeer) {
    this.#link = link
    this.#folder = folder
    this.#process = process
    this.#peer = peer
  }

  static async start(folder: string, link: string): Promise<IdleFetcher> {
    const data = join(folder, 'data')
    const process = startChordcast(data, ['peer'])
    try {
      await process.event('ring', START_DEADLINE)
      const output = join(folder, 'out')
      await mkdir(output)
      return new IdleFetcher(link, output, process, await attach(data))
    } catch (error) {
      await process.stop()
      throw error
    }
  }

  async fetch({ onBegin, deadline }: FetchOptions): Promise<Fetched> {
    onBegin(this.#process.pid)
    const beganAt = performance.now()
    const { path } = await this.#complete(AbortSignal.timeout(deadline))
    const endedAt = performance.now()
    const receivedBytes = async (): Promise<number> => (await this.#peer.api.status()).receivedBytes
    return { path: path ?? '', beganAt, endedAt, synced: true, receivedBytes }
  }

  async stop(): Promise<void> {
    try {
      await this.#peer.close()
    } finally {
      await this.#process.stop()
    }
  }

  // Nothing else is fetched there, so whatever is complete is the file.
  async #complete(limit: AbortSignal): Promise<VideoSnapshot> {
    const { api } = this.#peer
    const end = Promise.withResolvers<VideoSnapshot>()
    const onTimeout = (): void => end.reject(limit.reason)
    limit.addEventListener('abort', onTimeout, { once: true })
    const stop = api.on('video', video => {
      if (video.state === 'complete') end.resolve(video)
      if (video.state === 'failed') end.reject(new Error(video.failure?.message ?? 'The download failed.'))
    })
    try {
      api.fetch(this.#link, { output: this.#folder }).catch(end.reject)
      return await end.promise
    } finally {
      stop()
      limit.removeEventListener('abort', onTimeout)
    }
  }
}

function attach(dataFolder: string): Promise<OpenedPeer> {
  return openPeer({
    dataFolder,
    sealStore: new FileSealStore(dataFolder),
    // Asked of an owner only, which this process never becomes.
    settings: () => {
      throw new Error('The benchmark runs no peer of its own.')
    },
    clientOnly: true,
    inherit: false,
    log: () => undefined
  })
}
