import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { PeerApi, VideoSnapshot } from '../../src/peer/api.ts'
import { openPeer } from '../../src/peer/control/open-peer.ts'
import { FileSealStore } from '../../src/peer/identity/seal-store.ts'

/*
 * Many peers in one process: node peer-host.ts <data folder>…
 * Writes {"event":"ready"} when all have joined. The first line that it reads, {"link":…}, is what all of them then fetch at the same moment; for
 * each that ends it writes {"event":"fetched","seconds":…}, or {"event":"error","message":…}.
 */

async function startPeer(dataFolder: string): Promise<PeerApi> {
  await mkdir(dataFolder, { recursive: true })
  const { api } = await openPeer({
    dataFolder,
    sealStore: new FileSealStore(dataFolder),
    settings: {
      hosts: ['127.0.0.1'],
      port: 0,
      lanDiscovery: false,
      downloadFolder: dataFolder,
      uploadLimit: 0,
      downloadLimit: 0,
      stay: false
    },
    log: () => undefined
  })
  await api.join([])
  return api
}

async function fetchOne(api: PeerApi, link: string, output: string): Promise<void> {
  const since = performance.now()
  const ended = Promise.withResolvers<void>()
  api.on('video', ({ state, failure }: VideoSnapshot) => {
    if (state === 'complete') ended.resolve()
    else if (state === 'failed') ended.reject(new Error(failure?.message ?? 'A fetcher failed.'))
  })
  await api.fetch(link, { output })
  await ended.promise
  tell({ event: 'fetched', seconds: (performance.now() - since) / 1000 })
}

function tell(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

const folders = process.argv.slice(2)
const peers: PeerApi[] = []
for (const folder of folders) peers.push(await startPeer(folder))
tell({ event: 'ready' })
const [line] = (await once(createInterface(process.stdin), 'line')) as [string]
const { link } = JSON.parse(line) as { link: string }
await Promise.all(
  peers.map((api, index) =>
    fetchOne(api, link, join(folders[index] ?? '', 'video.bin')).catch((error: unknown) =>
      tell({ event: 'error', message: String(error) })
    )
  )
)
