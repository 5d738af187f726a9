import assert from 'node:assert/strict'
import { describeCodecs, describeFacts } from '../../../src/shared/media-facts.ts'

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

  const names: [codecs: string, name: string][] = [
    ['vp09.00.11.08.01.02.02.02.00, opus', 'VP9 + Opus'],
    ['vp9', 'VP9'],
    ['vp08.00.10.08', 'VP8'],
    ['hvc1.1.6.L93.B0,mp4a.40.5', 'H.265 + AAC'],
    ['av01.0.04M.08, flac', 'AV1 + FLAC'],
    ['mp4a.6b', 'MP3'],
    ['pcm-s16', 'PCM'],
    ['wvtt.1', 'wvtt'],
    ['', '']
  ]
  for (const [codecs, name] of names) {
    it(`call ${codecs || 'nothing'} ${name || 'nothing'}`, () => assert.equal(describeCodecs(codecs), name))
  }
})
