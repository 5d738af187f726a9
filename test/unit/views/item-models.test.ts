import assert from 'node:assert/strict'
import { groupChunks } from '../../../src/shared/chunk-ranges.ts'
import { chunkItem, chunkTooltip, rangeBytes } from '../../../src/views/tree/chunk-item-model.ts'
import { holdingItem, peerItem, peerTooltip } from '../../../src/views/tree/peer-item-model.ts'
import { videoFlags, videoItem, videoTooltip } from '../../../src/views/tree/video-item-model.ts'
import { fakeMap, fakePeer, fakeVideo } from './fake-peer-api.ts'

const online = true

describe('the line of a video', () => {
  it('says name, size, how far, how fast, how many holders', () => {
    const item = videoItem(fakeVideo({ downloadBytesPerSecond: 2 * 1024 * 1024 }), online)
    assert.equal(item.label, 'sample.webm')
    assert.equal(item.description, '1 MB · 50 % · ↓ 2 MB/s · 3 holders')
    assert.equal(item.accessibilityLabel, 'sample.webm, 1 MB, downloading, 50 percent, 3 holders')
  })

  it('keeps its id while everything else changes', () => {
    const ids = [fakeVideo(), fakeVideo({ name: 'other.mp4', state: 'complete', have: 4 })].map(
      video => videoItem(video, online).id
    )
    assert.equal(ids[0], ids[1])
  })

  it('does not claim a size before it is known', () => {
    const item = videoItem(fakeVideo({ state: 'finding', bytes: 0, chunks: 0, have: 0, holders: 0 }), online)
    assert.equal(item.description, 'size unknown · finding peers · 0 holders')
  })

  it('says paused beside how far it came', () => {
    assert.equal(
      videoItem(fakeVideo({ state: 'paused' }), online).description,
      '1 MB · 50 % · paused · 3 holders'
    )
  })

  it('says that a video is only watched, and offers to save it', () => {
    const watched = fakeVideo({ watchOnly: true })
    assert.equal(videoItem(watched, online).description, '1 MB · 50 % · not saved · 3 holders')
    assert.match(videoItem(watched, online).accessibilityLabel, /not saved/)
    assert.ok(videoFlags(watched).includes('watchOnly'))
  })

  it('says complete and sharing in those words', () => {
    assert.match(videoItem(fakeVideo({ state: 'complete', have: 4 }), online).description, /· complete ·/)
    assert.match(
      videoItem(fakeVideo({ origin: 'shared', state: 'sharing', have: 4 }), online).description,
      /· sharing ·/
    )
  })

  it('does not claim to share while it is not in the network', () => {
    const item = videoItem(fakeVideo({ origin: 'shared', state: 'sharing', have: 4 }), false)
    assert.match(item.description, /· offline ·/)
    assert.match(item.accessibilityLabel, /offline/)
  })

  const flags: [string, Parameters<typeof fakeVideo>[0], string[]][] = [
    ['a download on its way', {}, ['video', 'fetched', 'transferring', 'active', 'playable']],
    ['a paused download', { state: 'paused' }, ['video', 'fetched', 'paused', 'resumable', 'playable']],
    ['a failed download', { state: 'failed' }, ['video', 'fetched', 'failed', 'resumable', 'playable']],
    [
      'a finished one',
      { state: 'complete', path: '/v.webm' },
      ['video', 'fetched', 'complete', 'whole', 'playable', 'local']
    ],
    [
      'a shared one',
      { origin: 'shared', state: 'sharing', path: '/v.webm' },
      ['video', 'shared', 'sharing', 'whole', 'playable', 'local']
    ],
    [
      'one that is being prepared',
      { origin: 'shared', state: 'preparing' },
      ['video', 'shared', 'preparing', 'playable']
    ],
    ['one of unknown type', { mimeType: '' }, ['video', 'fetched', 'transferring', 'active']]
  ]
  for (const [what, values, expected] of flags) {
    it(`offers the right actions for ${what}`, () =>
      assert.deepEqual(videoFlags(fakeVideo(values)), expected))
  }

  it('never shows the ID, which is a secret', () => {
    const video = fakeVideo({ path: '/v.webm', durationSeconds: 70, width: 640, height: 360 })
    assert.ok(!JSON.stringify([videoItem(video, online), videoTooltip(video, online)]).includes(video.id))
  })

  it('tells in its tooltip why it failed', () => {
    const failure = { code: 'NO_HOLDERS' as const, message: 'No peer holds it now. Try again later.' }
    assert.equal(videoTooltip(fakeVideo({ state: 'failed', failure }), online).note, failure.message)
  })

  it('says plainly that its owner stopped sharing it, and that the copy stays', () => {
    const ended = fakeVideo({ state: 'complete', have: 4, path: '/v.webm', unshared: true })
    assert.equal(videoItem(ended, online).description, '1 MB · complete · no longer shared by its owner')
    assert.equal(
      videoTooltip(ended, online).note,
      'The owner stopped sharing this video. Your copy stays; it is not served any more.'
    )
  })

  it('offers no Resume for what its owner ended', () => {
    assert.ok(!videoFlags(fakeVideo({ state: 'failed', unshared: true })).includes('resumable'))
  })

  it('tells in its tooltip what to do about a changed file', () => {
    assert.match(
      videoTooltip(fakeVideo({ origin: 'shared', state: 'stale' }), online).note ?? '',
      /Share it again/
    )
  })
})

describe('the line of a peer', () => {
  it('says id, address, round trip, path, rates and what it holds', () => {
    const peer = fakePeer({ downloadBytesPerSecond: 1024, holds: [{ digest: 'a', have: 1, chunks: 4 }] })
    const item = peerItem(peer)
    assert.equal(item.label, '…ojWnPbdG')
    assert.equal(item.description, '192.168.1.20:4001 · 12 ms · direct · ↓ 1 KB/s · holds 1 video')
    assert.match(item.accessibilityLabel, /in the ring/)
  })

  it('tells the whole id and address in its tooltip', () => {
    const peer = fakePeer()
    const values = peerTooltip(peer).rows.map(([, value]) => value)
    assert.ok(values.includes(peer.peerId) && values.includes(peer.address))
  })

  it('says below it what it holds of a video', () => {
    const holding = { digest: 'abcdef0123', have: 1, chunks: 4 }
    assert.equal(holdingItem(fakePeer(), holding, fakeVideo()).description, '25 % · 1 of 4 chunks')
    assert.equal(holdingItem(fakePeer(), holding, undefined).label, 'abcdef01')
  })
})

describe('the line of a range of chunks', () => {
  const map = fakeMap('3331', '2210', { bytes: 3500, waitingFor: 3 })
  const [first, second, third] = groupChunks(map).map(range => ({ range, item: chunkItem(map, range) }))

  it('says which chunks, in what state, with how many holders, of what size', () => {
    assert.equal(first?.item.label, '0–1')
    assert.equal(first?.item.description, 'here · 2 holders · 2 KB')
    assert.equal(second?.item.label, '2')
  })

  it('says that the player waits for one of them', () => {
    assert.match(third?.item.description ?? '', /available, player waits for 3 · 0 holders/)
  })

  it('knows that the last chunk is shorter', () => {
    assert.equal(rangeBytes(map, { first: 3, last: 3 }), 3500 - 3 * 1024)
  })

  it('tells the same in its tooltip', () => {
    assert.ok(first)
    assert.equal(chunkTooltip(map, first.range).title, 'Chunks 0–1 of 4')
  })
})
