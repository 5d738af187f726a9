import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PeerApi, VideoSnapshot } from '../../../src/peer/api.ts'
import { type OpenedPeer, openPeer } from '../../../src/peer/control/open-peer.ts'
import { FileSealStore } from '../../../src/peer/identity/seal-store.ts'

/** Peers with real parts on loopback, each in a data folder of its own. */
export class LoopbackPeers {
  readonly folder: string
  readonly #opened = new Map<string, OpenedPeer>()

  private constructor(folder: string) {
    this.folder = folder
  }

  static async make(): Promise<LoopbackPeers> {
    return new LoopbackPeers(await mkdtemp(join(tmpdir(), 'chordcast-peer-')))
  }

  /** Opens the data folder of this name, again if it was closed. `limit`: payload each way, in bytes per second. */
  async open(name: string, { limit = 0, stay = true, cacheQuota = 2 ** 30 } = {}): Promise<PeerApi> {
    const dataFolder = join(this.folder, name)
    const settings = {
      hosts: ['127.0.0.1'],
      port: 0,
      lanDiscovery: false,
      downloadFolder: join(this.folder, `${name}-downloads`),
      uploadLimit: limit,
      downloadLimit: limit,
      cacheQuota,
      stay
    }
    const peer = await openPeer({
      dataFolder,
      sealStore: new FileSealStore(dataFolder),
      settings,
      rejoin: false,
      log: () => undefined
    })
    this.#opened.set(name, peer)
    return peer.api
  }

  async close(name: string): Promise<void> {
    await this.#opened.get(name)?.close()
    this.#opened.delete(name)
  }

  async closeAll(): Promise<void> {
    for (const name of [...this.#opened.keys()]) await this.close(name)
    await rm(this.folder, { recursive: true })
  }
}

/** The first state of a video that is wanted, now or later. */
export function until(
  api: PeerApi,
  digest: string,
  wanted: (video: VideoSnapshot) => boolean
): Promise<VideoSnapshot> {
  return new Promise((resolve, reject) => {
    const look = (video: VideoSnapshot): void => {
      if (video.digest !== digest || !wanted(video)) return
      unsubscribe()
      resolve(video)
    }
    const unsubscribe = api.on('video', look)
    api.videos().then(videos => videos.forEach(look), reject)
  })
}

export function isComplete({ state }: VideoSnapshot): boolean {
  return state === 'complete'
}
