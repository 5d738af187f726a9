import assert from 'node:assert/strict'
import { captionsAmong } from '../../../src/peer/inspection/caption-names.ts'

describe('Captions beside a video', () => {
  const cases: [files: string[], expected: [fileName: string, label: string, language?: string][]][] = [
    [['demo.vtt'], [['demo.vtt', 'Captions']]],
    [['DEMO.SRT'], [['DEMO.SRT', 'Captions']]],
    [['demo.en.vtt'], [['demo.en.vtt', 'English', 'en']]],
    [['demo.pt_BR.srt'], [['demo.pt_BR.srt', 'Brazilian Portuguese', 'pt-BR']]],
    [['demo.de.forced.srt'], [['demo.de.forced.srt', 'German (forced)', 'de']]],
    [['demo.Director comments.vtt'], [['demo.Director comments.vtt', 'Director comments']]],
    [['demo.xx.vtt'], [['demo.xx.vtt', 'xx']]],
    [
      ['demo.fr.vtt', 'demo.vtt', 'demo.en.vtt'],
      [
        ['demo.vtt', 'Captions'],
        ['demo.en.vtt', 'English', 'en'],
        ['demo.fr.vtt', 'French', 'fr']
      ]
    ],
    [['demo.en.srt', 'demo.en.vtt'], [['demo.en.vtt', 'English', 'en']]],
    [['demo2.vtt', 'demo', 'demo.mp4', 'demo.txt', 'other.en.vtt', 'demo-en.vtt', '.vtt', 'my demo.vtt'], []]
  ]
  for (const [files, expected] of cases) {
    it(`are ${expected.map(([, label]) => label).join(', ') || 'none'} among ${files.join(', ')}`, () => {
      const found = captionsAmong(files, 'demo.mp4')
      assert.deepEqual(
        found.map(({ fileName, label, language }) =>
          language ? [fileName, label, language] : [fileName, label]
        ),
        expected
      )
    })
  }

  it('have short labels', () => {
    const [caption] = captionsAmong([`a.${'x'.repeat(200)}.vtt`], 'a.mp4')
    assert.equal(caption?.label.length, 100)
  })
})
