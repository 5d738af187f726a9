import assert from 'node:assert/strict'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import * as vscode from 'vscode'
import type { LookupResult, VideoSnapshot } from '../../src/peer/api.ts'
import { type OpenedPeer, openPeer } from '../../src/peer/control/open-peer.ts'
import { FileSealStore } from '../../src/peer/identity/seal-store.ts'
import { eventually } from '../harness/eventually.ts'
import { removeFolder, temporaryFolder } from '../harness/temporary-folder.ts'
import { Peers } from '../process/cli-peer.ts'
import { sha256OfFile, writeSampleFile } from '../process/sample-file.ts'
import { agreeToModals } from './answer-modals.ts'
import { report } from './report.ts'

const MIB = 1024 * 1024
/** MiB of the video whose download is watched for delays. */
const LARGE = 512
/** Milliseconds that the extension host may be kept busy at a stretch, at the 99th percentile. */
const delayBudget = 20

/** Speaks to the peer of this window as a second window does. */
function secondWindow(): Promise<OpenedPeer> {
  const dataFolder = process.env.CHORDCAST_TEST_DATA
  assert.ok(dataFolder, 'CHORDCAST_TEST_DATA names the data folder of the extension')
  return openPeer({
    dataFolder,
    sealStore: new FileSealStore(dataFolder),
    settings: {
      hosts: ['127.0.0.1'],
      port: 0,
      lanDiscovery: false,
      downloadFolder: dataFolder,
      uploadLimit: 0,
      downloadLimit: 0,
      stay: true
    },
    clientOnly: true,
    log: () => undefined
  })
}

describe('a peer in the extension host', function () {
  this.timeout(120_000)
  let folder: string
  let peers: Peers
  let bootstrap: string
  let observer: OpenedPeer
  const modals = agreeToModals()

  before(async () => {
    folder = await temporaryFolder()
    peers = new Peers(folder)
    bootstrap = await peers.start(['peer']).address()
    await vscode.workspace.getConfiguration('chordcast').update('bootstrap', [bootstrap], true)
  })

  after(async () => {
    modals.restore()
    await observer?.close()
    await peers.stopAll()
    await removeFolder(folder)
  })

  async function completion(video: VideoSnapshot): Promise<VideoSnapshot> {
    const { promise, resolve, reject } = Promise.withResolvers<VideoSnapshot>()
    const look = (now: VideoSnapshot): void => {
      if (now.digest !== video.digest) return
      if (now.state === 'complete') resolve(now)
      if (now.state === 'failed') reject(new Error(now.failure?.message))
    }
    const unsubscribe = observer.api.on('video', look)
    for (const now of await observer.api.videos()) look(now)
    return promise.finally(unsubscribe)
  }

  it('joins the ring once its user has agreed, and listens on loopback as it was told', async () => {
    await vscode.commands.executeCommand('chordcast.joinNetwork')
    assert.deepEqual(modals.questions, ['Join the Chordcast network?'])
    observer = await secondWindow()
    const { state, addresses } = await observer.api.status()
    assert.equal(state, 'joined')
    assert.ok(addresses.length > 0)
    for (const address of addresses) assert.match(address, /^\/ip4\/127\.0\.0\.1\//)
  })

  it('shares a video that another process fetches', async () => {
    const path = join(folder, 'from the editor 🎬.webm')
    const sha256 = await writeSampleFile(path, 3 * MIB + 1)
    const uri = vscode.Uri.file(path)
    const [video] = await vscode.commands.executeCommand<VideoSnapshot[]>('chordcast.shareVideo', uri, [uri])
    assert.ok(video)
    const fetcher = peers.start(['fetch', video.id, '--out', join(folder, 'out/'), '--bootstrap', bootstrap])
    const complete = await fetcher.event('complete')
    assert.equal(await sha256OfFile(String(complete.path)), sha256)
  })

  it('fetches a video that another process shares', async () => {
    const path = join(folder, 'from the command line.webm')
    const sha256 = await writeSampleFile(path, 3 * MIB + 1)
    const { id } = await peers.start(['share', path, '--bootstrap', bootstrap]).event('shared')
    const video = await vscode.commands.executeCommand<VideoSnapshot>('chordcast.fetchVideo', id)
    const { path: saved } = await completion(video)
    assert.equal(await sha256OfFile(String(saved)), sha256)
  })

  it('looks up who holds a video', async () => {
    const path = join(folder, 'looked up.webm')
    await writeSampleFile(path, MIB)
    const { id } = await peers.start(['share', path, '--bootstrap', bootstrap]).event('shared')
    // `shared` says that the video is served; its record reaches the ring a moment later.
    const found = await eventually('its holder is known to the ring', 15_000, async () => {
      const result = await vscode.commands.executeCommand<LookupResult>('chordcast.lookUpHolders', id)
      return result.holders.length === 0 ? undefined : result
    })
    assert.equal(found.holders.length, 1)
    assert.ok(found.steps.length === 0 || found.steps.some(({ outcome }) => outcome === 'owner'))
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen')
  })

  it(`keeps the event loop free during a ${LARGE} MiB download: p99 below ${delayBudget} ms`, async () => {
    const path = join(folder, 'large.webm')
    const sha256 = await writeSampleFile(path, LARGE * MIB)
    const { id } = await peers.start(['share', path, '--bootstrap', bootstrap]).event('shared')
    const delays = monitorEventLoopDelay({ resolution: 1 })
    delays.enable()
    const started = performance.now()
    const { path: saved } = await completion(await vscode.commands.executeCommand('chordcast.fetchVideo', id))
    const seconds = (performance.now() - started) / 1000
    delays.disable()
    const percentile = (rank: number): string => (delays.percentile(rank) / 1e6).toFixed(1)
    report(`      ${LARGE} MiB in ${seconds.toFixed(1)} s (${(LARGE / seconds).toFixed(0)} MiB/s);`)
    report(
      `      event loop delay: p50 ${percentile(50)} ms, p99 ${percentile(99)} ms, max ${percentile(100)} ms`
    )
    assert.equal(await sha256OfFile(String(saved)), sha256)
    assert.ok(delays.percentile(99) / 1e6 < delayBudget)
  })

  it('leaves the ring', async () => {
    await vscode.commands.executeCommand('chordcast.leaveNetwork')
    assert.equal((await observer.api.status()).state, 'stopped')
  })
})
