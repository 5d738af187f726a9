import assert from 'node:assert/strict'
import {
  readPlayerMessage,
  readPreferences,
  readSavedDigest
} from '../../../src/views/player/player-message.ts'
import {
  awaitedText,
  reasonForNone,
  toPlayerChunks,
  toPlayerPeers,
  toPlayerVideo
} from '../../../src/views/player/player-model.ts'
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
    assert.match(policy, /media-src http:\/\/127\.0\.0\.1:4567 data:($|;)/)
    assert.match(policy, /script-src 'nonce-0123abc'($|;)/)
    assert.doesNotMatch(policy, /unsafe/)
  })

  it('gives the toolkit its nonce', () =>
    assert.ok(html.includes('<meta property="csp-nonce" content="0123abc">')))

  it('has no inline script, style or handler', () => {
    assert.doesNotMatch(html, /<style|style=|\son\w+=|<script(?![^>]*src=)/)
  })

  it('shows a message as text', () => {
    const shown = messagePage({ message: '<img src=x>', cspSource: 'https://csp', styleUri: 'https://style' })
    assert.ok(shown.includes('&lt;img src=x&gt;'))
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
    assert.deepEqual(readPlayerMessage({ kind: 'request', id: 1, name: 'source' }), {
      kind: 'request',
      id: 1,
      name: 'source'
    })
    const value = { volume: 0.5, muted: false, rate: 2, captions: true }
    const notice = { kind: 'notice', name: 'preferences', value }
    assert.deepEqual(readPlayerMessage(notice), notice)
    for (const [name, value] of [
      ['position', { seconds: 12.5 }],
      ['ready', null],
      ['playing', null]
    ]) {
      assert.deepEqual(readPlayerMessage({ kind: 'notice', name, value }), { kind: 'notice', name, value })
    }
  })

  const bad: unknown[] = [
    undefined,
    'ready',
    { kind: 'request', id: 0, name: 'source' },
    { kind: 'request', id: 1, name: 'deleteEverything' },
    { kind: 'request', id: '1', name: 'source' },
    { kind: 'notice', name: 'preferences', value: { volume: 7, muted: false, rate: 1 } },
    { kind: 'notice', name: 'problem', value: { message: 'x'.repeat(501) } },
    { kind: 'notice', name: 'position', value: { seconds: -1 } },
    { kind: 'notice', name: 'position', value: { seconds: Number.NaN } },
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
    assert.equal(readPreferences({ volume: 1, muted: true, rate: 1 })?.captions, false)
  })
})

describe('what a player is told', () => {
  it('is nothing before the type is known', () => {
    assert.equal(toPlayerVideo(fakeVideo({ state: 'transferring', mimeType: '', have: 1 })), undefined)
    assert.equal(toPlayerVideo(fakeVideo({ state: 'finding', chunks: 0, mimeType: '' })), undefined)
  })

  it('is a file to save for what it cannot show', () => {
    for (const mimeType of ['application/zip', 'image/svg+xml', 'text/html'])
      assert.equal(toPlayerVideo(fakeVideo({ mimeType }))?.kind, 'file', mimeType)
  })

  it('is what is awaited while nothing can be shown, or why that ended', () => {
    const finding = fakeVideo({ state: 'finding', chunks: 0, mimeType: '' })
    assert.equal(reasonForNone(finding), undefined)
    assert.equal(awaitedText(finding, 'joined'), 'Finding peers…')
    assert.equal(awaitedText(finding, 'starting'), 'Joining the network…')
    const failure = { code: 'NO_HOLDERS' as const, message: 'No peer holds it now.' }
    assert.equal(reasonForNone({ ...finding, state: 'failed', failure }), failure.message)
    assert.match(reasonForNone({ ...finding, state: 'paused' }) ?? '', /Resume it/)
    assert.equal(reasonForNone(fakeVideo({ state: 'failed', failure })), undefined, 'it can be shown')
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
