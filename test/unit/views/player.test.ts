import assert from 'node:assert/strict'
import { PeerModel } from '../../../src/views/peer-model.ts'
import { awaitPlayable } from '../../../src/views/player/await-playable.ts'
import {
  readPlayerMessage,
  readPreferences,
  readSavedDigest
} from '../../../src/views/player/player-message.ts'
import { toPlayerChunks, toPlayerPeers, toPlayerVideo } from '../../../src/views/player/player-model.ts'
import { messagePage, type PlayerPage, playerPage } from '../../../src/views/player/player-page.ts'
import { externalStreamAddress } from '../../../src/views/player/stream-address.ts'
import { fakeMap, fakePeer, fakeVideo } from './fake-peer-api.ts'

const digest = 'd'.repeat(64)
const page: PlayerPage = {
  digest,
  nonce: '0123abc',
  cspSource: 'https://*.vscode-cdn.net',
  streamOrigin: 'http://127.0.0.1:4567',
  scriptUri: 'https://file/player.js',
  styleUri: 'https://file/player.css',
  codiconsUri: 'https://file/codicon.css'
}

describe('the page of a player', () => {
  const html = playerPage(page)
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1]?.replaceAll('&#39;', "'") ?? ''

  it('loads media from the stream server alone and runs scripts by nonce alone', () => {
    assert.match(policy, /^default-src 'none'/)
    assert.match(policy, /media-src http:\/\/127\.0\.0\.1:4567($|;)/)
    assert.match(policy, /script-src 'nonce-0123abc'($|;)/)
    assert.doesNotMatch(policy, /unsafe/)
  })

  it('gives the toolkit its nonce', () =>
    assert.ok(html.includes('<meta property="csp-nonce" content="0123abc">')))

  it('has no inline script, style or handler', () => {
    assert.doesNotMatch(html, /<style|style=|\son\w+=|<script(?![^>]*src=)/)
  })

  it('shows a message as text', () => {
    assert.ok(messagePage('<img src=x>', 'https://csp', 'https://style').includes('&lt;img src=x&gt;'))
  })
})

describe('the address of the stream', () => {
  const local = 'http://127.0.0.1:4567/v/token/digest'
  const cases: [string, string, string, string][] = [
    [
      'on the desktop',
      'http://127.0.0.1:4567/',
      'http://127.0.0.1:4567/v/token/digest',
      'http://127.0.0.1:4567'
    ],
    [
      'behind a proxy path',
      'https://code.example/proxy/4567/',
      'https://code.example/proxy/4567/v/token/digest',
      'https://code.example'
    ],
    [
      'behind a host of its own',
      'https://x-4567.app.example',
      'https://x-4567.app.example/v/token/digest',
      'https://x-4567.app.example'
    ]
  ]
  for (const [where, external, url, origin] of cases) {
    it(`keeps its path ${where}`, () =>
      assert.deepEqual(externalStreamAddress(external, local), { url, origin }))
  }
})

describe('messages from a player', () => {
  it('are taken when they are what the protocol says', () => {
    assert.deepEqual(readPlayerMessage({ kind: 'request', id: 1, name: 'ready' }), {
      kind: 'request',
      id: 1,
      name: 'ready'
    })
    const notice = { kind: 'notice', name: 'preferences', value: { volume: 0.5, muted: false, rate: 2 } }
    assert.deepEqual(readPlayerMessage(notice), notice)
  })

  const bad: unknown[] = [
    undefined,
    'ready',
    { kind: 'request', id: 0, name: 'ready' },
    { kind: 'request', id: 1, name: 'deleteEverything' },
    { kind: 'request', id: '1', name: 'ready' },
    { kind: 'notice', name: 'preferences', value: { volume: 7, muted: false, rate: 1 } },
    { kind: 'notice', name: 'problem', value: { message: 'x'.repeat(501) } },
    { kind: 'notice', name: 'other', value: {} }
  ]
  for (const message of bad) {
    it(`are dropped when they are ${JSON.stringify(message)?.slice(0, 60)}`, () => {
      assert.equal(readPlayerMessage(message), undefined)
    })
  }

  it('from an earlier session name their video, or are dropped', () => {
    assert.equal(readSavedDigest({ digest, position: 3, paused: true }), digest)
    assert.equal(readSavedDigest({ digest: '../../etc', position: 3, paused: true }), undefined)
    assert.equal(readSavedDigest(undefined), undefined)
    assert.equal(readPreferences({ volume: 1 }), undefined)
  })
})

describe('what a player is told', () => {
  it('is nothing for what it cannot show', () => {
    assert.equal(toPlayerVideo(fakeVideo({ mimeType: 'application/zip' })), undefined)
  })

  it('never holds the ID', () => {
    const video = fakeVideo()
    assert.ok(!JSON.stringify(toPlayerVideo(video)).includes(video.id))
  })

  it('lists the peers that hold parts of this video, the fastest first', () => {
    const holds = [{ digest, have: 1, chunks: 4 }]
    const peers = [
      fakePeer({ peerId: 'peer-number-slow', holds }),
      fakePeer({ peerId: 'other-peer', holds: [{ digest: 'other', have: 1, chunks: 4 }] }),
      fakePeer({ peerId: 'peer-number-fast', holds, downloadBytesPerSecond: 10 })
    ]
    assert.deepEqual(
      toPlayerPeers(peers, digest).map(({ name }) => name),
      ['…ber-fast', '…ber-slow']
    )
  })

  it('is which chunk it waits for', () => {
    assert.deepEqual(toPlayerChunks(fakeMap('10', '20', { waitingFor: 1 })), {
      states: '10',
      holders: '20',
      waitingFor: 1
    })
  })
})

describe('opening a player', () => {
  const never = new AbortController().signal

  it('waits until the type is known', async () => {
    const model = new PeerModel()
    model.takeVideo(fakeVideo({ state: 'finding', chunks: 0, have: 0, mimeType: '' }))
    const playable = awaitPlayable(model, digest, never)
    model.takeVideo(fakeVideo({ state: 'asking', mimeType: '', have: 0 }))
    model.takeVideo(fakeVideo({ state: 'transferring', mimeType: '', have: 1 }))
    model.takeVideo(fakeVideo())
    assert.equal((await playable).mimeType, 'video/webm')
  })

  it('fails with the reason of the download', async () => {
    const model = new PeerModel()
    model.takeVideo(fakeVideo({ state: 'finding', chunks: 0, mimeType: '' }))
    const playable = awaitPlayable(model, digest, never)
    const failure = { code: 'NO_HOLDERS' as const, message: 'No peer holds it now.' }
    model.takeVideo(fakeVideo({ state: 'failed', chunks: 0, mimeType: '', failure }))
    await assert.rejects(playable, { code: 'NO_HOLDERS' })
  })

  it('fails for what cannot be shown', async () => {
    const model = new PeerModel()
    model.takeVideo(fakeVideo({ mimeType: 'application/zip' }))
    await assert.rejects(awaitPlayable(model, digest, never), { code: 'NOT_SUPPORTED' })
  })

  it('ends when cancelled', async () => {
    const model = new PeerModel()
    model.takeVideo(fakeVideo({ state: 'finding', chunks: 0, mimeType: '' }))
    const cancel = new AbortController()
    const playable = awaitPlayable(model, digest, cancel.signal)
    cancel.abort()
    await assert.rejects(playable, { code: 'ABORTED' })
  })

  it('opens what had arrived before it failed', async () => {
    const model = new PeerModel()
    const failure = { code: 'NO_HOLDERS' as const, message: 'No peer holds it now.' }
    model.takeVideo(fakeVideo({ state: 'failed', failure }))
    assert.equal((await awaitPlayable(model, digest, never)).digest, digest)
  })
})
