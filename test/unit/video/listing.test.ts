import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PeerApi } from '../../../src/peer/api.ts'
import { eventually } from '../../harness/eventually.ts'
import { LoopbackPeers } from './loopback-peers.ts'

describe('The catalogue of a ring on loopback', function () {
  this.timeout(60_000)
  let peers: LoopbackPeers
  let owner: PeerApi
  let reader: PeerApi

  before(async () => {
    peers = await LoopbackPeers.make()
    owner = await peers.open('owner')
    const { addresses } = await owner.join([])
    reader = await peers.open('reader', { stay: false })
    await reader.join(addresses.slice(0, 1))
  })

  after(async () => {
    await peers.closeAll()
  })

  async function share(name: string, options: { listed?: boolean }) {
    const path = join(peers.folder, name)
    await writeFile(path, Buffer.alloc(100_000, name))
    return await owner.share(path, options)
  }

  /** What the reader is told once so many videos are listed. */
  async function asked(count: number) {
    await reader.catalogue(1)
    return await eventually(`${count} are listed`, 20_000, async () => {
      const entries = await reader.catalogue(0)
      return entries.length === count ? entries : undefined
    })
  }

  it('shows what its owner listed, and nothing else, until it is taken back', async () => {
    const quiet = await share('quiet.mp4', {})
    const listed = await share('listed.mp4', { listed: true })
    assert.deepEqual([quiet.listed, listed.listed], [undefined, true])
    const { peerId } = await owner.status()
    const shown = { id: listed.id, name: 'listed.mp4', bytes: 100_000, peerId }
    assert.deepEqual(await asked(1), [shown])
    assert.deepEqual(await owner.catalogue(0), [shown])

    await owner.setListed(listed.digest, false)
    assert.equal((await owner.videos()).find(({ id }) => id === listed.id)?.listed, undefined)
    assert.deepEqual(await asked(0), [])
  })

  it('does not list a video of somebody else', async () => {
    const video = await share('fetched.mp4', {})
    await reader.fetch(await owner.link(video.digest))
    await assert.rejects(reader.setListed(video.digest, true), { code: 'NOT_SUPPORTED' })
  })
})
