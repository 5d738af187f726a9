import assert from 'node:assert/strict'
import { MAX_POSTER_BYTES as ENGINE_BOUND } from '../../../src/peer/content/poster.ts'
import { MAX_POSTER_BYTES, posterMoment, posterSize } from '../../../src/shared/poster.ts'
import { posterPage, readPosterMessage } from '../../../src/views/sharing/poster-page.ts'

describe('The poster of a share', () => {
  it('fits 480 pixels, and keeps its shape', () => {
    assert.deepEqual(posterSize(1920, 1080), { width: 480, height: 270 })
    assert.deepEqual(posterSize(1080, 1920), { width: 270, height: 480 })
    assert.deepEqual(posterSize(320, 180), { width: 320, height: 180 })
    assert.deepEqual(posterSize(10_000, 1), { width: 480, height: 1 })
  })

  it('shows a moment past the beginning, where there is one', () => {
    assert.equal(posterMoment(60), 6)
    for (const duration of [Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(posterMoment(duration), 0)
  })

  it('has one bound in the editor and in the engine', () => assert.equal(MAX_POSTER_BYTES, ENGINE_BOUND))

  it('is drawn by a page that may load that file, run its own script and nothing else', () => {
    const html = posterPage({
      nonce: 'n0',
      cspSource: 'https://res.example',
      scriptUri: 'https://res.example/poster.js',
      sourceUri: 'https://res.example/"><script>alert(1)</script>.mp4',
      kind: 'video',
      title: 'Drawing <b>'
    })
    assert.ok(!html.includes('<script>alert') && !html.includes('<b>'))
    assert.match(html, /default-src &#39;none&#39;; script-src &#39;nonce-n0&#39;/)
  })

  it('is taken from that page as base64 within bounds, and as nothing else', () => {
    assert.deepEqual(readPosterMessage({ kind: 'poster', base64: '/9j/' }), {
      kind: 'poster',
      base64: '/9j/'
    })
    assert.deepEqual(readPosterMessage({ kind: 'none', reason: 'x' }), { kind: 'none', reason: 'x' })
    const wrong = [
      undefined,
      {},
      { kind: 'poster' },
      { kind: 'poster', base64: '<svg>' },
      { kind: 'poster', base64: 'A'.repeat(88_000) }
    ]
    for (const message of wrong) assert.equal(readPosterMessage(message), undefined)
  })
})
