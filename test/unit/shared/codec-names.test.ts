import assert from 'node:assert/strict'
import { codecNames, holdsAac, holdsSound } from '../../../src/shared/codec-names.ts'

describe('the codecs of a video', () => {
  const cases: [codecs: string, words: string, aac: boolean, sound: boolean][] = [
    ['avc1.64002a,mp4a.40.2', 'H.264, AAC', true, true],
    ['vp09.00.10.08, opus', 'VP9, Opus', false, true],
    ['av01.0.04M.08', 'AV1', false, false],
    ['avc1.42E01E, mp4a.6b', 'H.264, MP3', false, true],
    ['xyz1.2, flac', 'xyz1.2, FLAC', false, true],
    ['', '', false, false]
  ]
  for (const [codecs, words, aac, sound] of cases) {
    it(`${codecs || 'that are not known'} are told in words and told apart`, () => {
      assert.equal(codecNames(codecs), words)
      assert.equal(holdsAac(codecs), aac)
      assert.equal(holdsSound(codecs), sound)
    })
  }
})
