import assert from 'node:assert/strict'
import { describeFacts } from '../../../src/shared/media-facts.ts'

describe('Facts in words', () => {
  it('are one line', () => {
    const facts = {
      durationSeconds: 83.4,
      width: 1280,
      height: 720,
      frameRate: 29.97,
      codecs: 'avc1.64001f, mp4a.40.2'
    }
    assert.equal(describeFacts(facts), '1:23, 1280 × 720, 29.97 fps, H.264 + AAC')
  })

  it('are as many as are known', () => {
    assert.equal(describeFacts({}), '')
    assert.equal(describeFacts({ width: 320 }), '')
    assert.equal(describeFacts({ codecs: 'mp3', durationSeconds: 3725 }), '1:02:05, MP3')
    assert.equal(describeFacts({ codecs: 'vp8', hasAudio: false }), 'VP8, no sound')
  })
})
