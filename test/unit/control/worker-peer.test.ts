import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PeerStatus } from '../../../src/peer/api.ts'
import type { OpenedPeer } from '../../../src/peer/control/open-peer.ts'
import { openPeerInWorker, type WorkerPeerOptions } from '../../../src/peer/control/worker-peer.ts'
import type { SealStore } from '../../../src/peer/identity/seal-store.ts'
import type { LogLine } from '../../../src/peer/log.ts'
import type { PeerSettings } from '../../../src/peer/settings.ts'
import { TEST_SETTINGS } from './test-settings.ts'

const worker = new URL('../../../src/peer/control/engine-worker.ts', import.meta.url)

function memorySealStore(): SealStore {
  let kept: Uint8Array | undefined
  return {
    kind: 'editor',
    load: async () => kept,
    save: async seal => {
      kept = seal
    }
  }
}

describe('a peer in a thread of its own', function () {
  this.timeout(30_000)
  let folder: string
  let lines: LogLine[]
  let sealStore: SealStore
  const opened: OpenedPeer[] = []

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-worker-'))
    lines = []
    sealStore = memorySealStore()
  })

  afterEach(async () => {
    for (const peer of opened.splice(0)) await peer.close()
    await rm(folder, { recursive: true })
  })

  function settings(): PeerSettings {
    return { ...TEST_SETTINGS, downloadFolder: folder }
  }

  async function open(changes: Partial<WorkerPeerOptions> = {}): Promise<OpenedPeer> {
    const peer = await openPeerInWorker({
      worker,
      dataFolder: join(folder, 'data'),
      sealStore,
      settings: settings(),
      log: line => lines.push(line),
      ...changes
    })
    opened.push(peer)
    return peer
  }

  it('answers, tells events and writes the log of the editor', async () => {
    const peer = await open()
    assert.equal(peer.role(), 'owner')
    const statuses: PeerStatus[] = []
    peer.api.on('status', status => statuses.push(status))
    const status = await peer.api.join([])
    assert.equal(status.state, 'joined')
    assert.ok(statuses.some(({ state }) => state === 'starting'))
    const path = join(folder, 'video.webm')
    await writeFile(path, Buffer.alloc(300_000, 7))
    const shared = await peer.api.share(path)
    assert.deepEqual([shared.chunks, shared.have, shared.state], [2, 2, 'sharing'])
    assert.ok(lines.some(({ component }) => component === 'share'))
  })

  it('keeps the same identity under the seal that the editor keeps', async () => {
    const first = await open()
    const { peerId } = await first.api.status()
    await first.close()
    assert.ok(await sealStore.load())
    const second = await open()
    assert.equal((await second.api.status()).peerId, peerId)
  })

  it('brings errors over with their codes', async () => {
    const peer = await open()
    await assert.rejects(peer.api.share(join(folder, 'missing.webm')), { code: 'FILE_MISSING' })
  })

  it('tells why it cannot open', async () => {
    await mkdir(join(folder, 'data'))
    await writeFile(join(folder, 'data', 'VERSION'), '99\n')
    await assert.rejects(open(), { code: 'DATA_FOLDER_NEWER' })
  })

  it('inherits a peer with the settings of now, not with those it was opened with', async () => {
    const owner = await open()
    let use: (settings: PeerSettings) => void = () => assert.fail('nobody follows the settings')
    const heir = await open({
      followSettings: listener => {
        use = listener
        return () => undefined
      }
    })
    assert.equal(heir.role(), 'client')
    use({ ...settings(), hosts: ['127.0.0.2'] })
    await heir.api.status()
    await owner.close()
    // A read waits until the heir has taken over; a join that meets the switch is refused.
    await heir.api.status()
    const { addresses } = await heir.api.join([])
    assert.equal(heir.role(), 'owner')
    assert.match(String(addresses[0]), /127\.0\.0\.2/)
  })

  it('refuses calls after it was closed', async () => {
    const peer = await open()
    await peer.close()
    await assert.rejects(peer.api.status(), { code: 'CONTROL_LOST' })
  })
})
