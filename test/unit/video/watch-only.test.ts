import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PeerApi, VideoSnapshot } from '../../../src/peer/api.ts'
import { Keystore } from '../../../src/peer/identity/keystore.ts'
import { FileSealStore } from '../../../src/peer/identity/seal-store.ts'
import { openDataFolder } from '../../../src/peer/library/data-folder.ts'
import { PlaintextSearch } from '../../harness/plaintext-search.ts'
import { writeSampleFile } from '../../process/sample-file.ts'
import { ask } from '../stream/stream-fixture.ts'
import { isComplete, LoopbackPeers, until } from './loopback-peers.ts'

const CHUNK = 256 * 1024
const CHUNKS = 9
const BYTES = (CHUNKS - 1) * CHUNK + 1000

describe('watching without saving', function () {
  this.timeout(30_000)
  let peers: LoopbackPeers
  let owner: PeerApi
  let viewer: PeerApi
  let receiver: PeerApi
  let plaintext: Buffer
  let source: string
  let video: VideoSnapshot

  before(async () => {
    peers = await LoopbackPeers.make()
    source = join(peers.folder, 'source.webm')
    await writeSampleFile(source, BYTES)
    plaintext = await readFile(source)
    owner = await peers.open('owner')
    viewer = await peers.open('viewer')
    await owner.join([])
    await viewer.join([])
    video = await owner.share(source)
  })

  after(() => peers.closeAll())

  const chunksOf = (name: string): string => join(peers.folder, name, 'chunks')
  const ciphertextOf = (name: string): string => join(chunksOf(name), video.digest)
  const snapshotOf = async (api: PeerApi): Promise<VideoSnapshot | undefined> => (await api.videos())[0]

  async function play(api: PeerApi, range = 'bytes=0-'): Promise<Buffer> {
    return (await ask(await api.streamUrl(video.digest), { headers: { range } })).body
  }

  it('fetches nothing while nobody watches', async () => {
    const { watchOnly } = await viewer.fetch(await owner.link(video.digest), { save: false })
    assert.equal(watchOnly, true)
    await viewer.streamUrl(video.digest)
    await until(viewer, video.digest, ({ holders }) => holders > 0)
    assert.equal((await snapshotOf(viewer))?.have, 0)
  })

  it('plays all of it and leaves no plaintext on the disk', async () => {
    assert.equal(sha256(await play(viewer)), sha256(plaintext))
    await until(viewer, video.digest, ({ have }) => have === CHUNKS)
    assert.equal((await readdir(ciphertextOf('viewer'))).length, CHUNKS)
    const search = new PlaintextSearch(plaintext)
    assert.ok(search.keys > BYTES / 64)
    assert.deepEqual(await search.filesHolding([peers.folder]), [source], 'only in the source itself')
  })

  it('saves nothing of a video either whose file was deleted', async () => {
    const deleter = await peers.open('deleter')
    await deleter.join([])
    const link = await owner.link(video.digest)
    await deleter.fetch(link)
    const { path } = await until(deleter, video.digest, isComplete)
    assert(path)
    await rm(path)
    const { watchOnly } = await deleter.fetch(link, { save: false })
    assert.equal(watchOnly, true)
    assert.equal(sha256(await play(deleter)), sha256(plaintext))
    await until(deleter, video.digest, ({ have }) => have === CHUNKS)
    assert.deepEqual(await readdir(join(peers.folder, 'deleter-downloads')), [])
  })

  it('is not complete, and says that it is only watched', async () => {
    const { state, watchOnly, path } = (await snapshotOf(viewer)) ?? {}
    assert.deepEqual({ state, watchOnly, path }, { state: 'transferring', watchOnly: true, path: undefined })
  })

  it('fetches a damaged chunk again instead of playing it', async () => {
    await writeFile(join(ciphertextOf('viewer'), '3'), Buffer.alloc(CHUNK + 16, 1))
    assert.equal(sha256(await play(viewer)), sha256(plaintext))
    await until(viewer, video.digest, ({ have }) => have === CHUNKS)
  })

  it('serves others what it holds, and grants them the key', async () => {
    await peers.close('owner')
    receiver = await peers.open('receiver')
    await receiver.join([])
    await receiver.fetch(await viewer.link(video.digest), { save: false })
    assert.equal(sha256(await play(receiver)), sha256(plaintext))
    await until(receiver, video.digest, ({ have }) => have === CHUNKS)
  })

  it('saves it later without fetching again what is here', async () => {
    await peers.close('viewer')
    assert.equal((await receiver.fetch(video.id)).watchOnly, undefined)
    const { path } = await until(receiver, video.digest, isComplete)
    assert.equal(sha256(await readFile(String(path))), sha256(plaintext))
    assert.deepEqual(await readdir(chunksOf('receiver')), [], 'the ciphertext is gone')
    assert.equal(sha256(await play(receiver)), sha256(plaintext))
    await peers.close('receiver')
  })

  it('plays from what is here after a restart, with nobody else', async () => {
    viewer = await peers.open('viewer')
    assert.equal(sha256(await play(viewer)), sha256(plaintext))
    await peers.close('viewer')
  })

  it('keeps no more than its quota, and plays a video that is larger', async () => {
    const quota = 5
    owner = await peers.open('owner')
    viewer = await peers.open('viewer', { cacheQuota: quota * (CHUNK + 16) })
    assert.equal((await readdir(ciphertextOf('viewer'))).length, quota)
    await owner.join([])
    await viewer.join([])
    await viewer.fetch(await owner.link(video.digest), { save: false })
    assert.equal(sha256(await play(viewer)), sha256(plaintext))
    const seek = `bytes=${CHUNK}-${2 * CHUNK - 1}`
    assert.deepEqual(await play(viewer, seek), plaintext.subarray(CHUNK, 2 * CHUNK))
    const whole = (await readdir(ciphertextOf('viewer'))).filter(name => /^\d+$/.test(name))
    assert.ok(whole.length <= quota, `${whole.length} chunks: ${whole}`)
  })

  it('destroys the key when it is removed, and the ciphertext', async () => {
    const url = await viewer.streamUrl(video.digest)
    await viewer.remove(video.digest)
    assert.equal((await ask(url)).status, 404)
    assert.deepEqual(await readdir(chunksOf('viewer')), [])
    await peers.close('viewer')
    assert.deepEqual(await secretsOf('viewer'), [])
  })

  it('sweeps ciphertext that is left of a video whose key is gone', async () => {
    await mkdir(ciphertextOf('viewer'), { recursive: true })
    await writeFile(join(ciphertextOf('viewer'), '0'), 'x')
    await peers.open('viewer')
    assert.deepEqual(await readdir(chunksOf('viewer')), [])
  })

  async function secretsOf(name: string): Promise<string[]> {
    const folder = await openDataFolder(join(peers.folder, name))
    const keystore = await Keystore.open(folder, new FileSealStore(folder.path))
    const secrets = keystore.listSecrets()
    await keystore.close()
    return secrets
  }
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
