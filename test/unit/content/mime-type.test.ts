import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isPlayableMimeType, sniffMimeType, UNKNOWN_MIME_TYPE } from '../../../src/peer/content/mime-type.ts'

const box = (type: string, brand: string): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, 20]), Buffer.from(type), Buffer.from(brand), Buffer.alloc(8)])

describe('MIME type of a file', () => {
  const cases: [what: string, head: Uint8Array, mimeType: string][] = [
    ['MP4', box('ftyp', 'isom'), 'video/mp4'],
    ['M4V', box('ftyp', 'M4V '), 'video/mp4'],
    ['QuickTime', box('ftyp', 'qt  '), 'video/quicktime'],
    [
      'WebM',
      Buffer.concat([Buffer.from('1a45dfa387', 'hex'), Buffer.from('428284', 'hex'), Buffer.from('webm')]),
      'video/webm'
    ],
    ['WAV', Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVEfmt '), Buffer.alloc(20)]), 'audio/wav'],
    ['JPEG', Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), 'image/jpeg'],
    ['HTML', Buffer.from('<!doctype html><script>alert(1)</script>'), UNKNOWN_MIME_TYPE],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), UNKNOWN_MIME_TYPE],
    ['XML', Buffer.from('<?xml version="1.0"?><svg/>'), UNKNOWN_MIME_TYPE],
    ['PDF', Buffer.from('%PDF-1.7\n'), UNKNOWN_MIME_TYPE],
    ['ZIP', Buffer.from('504b0304', 'hex'), UNKNOWN_MIME_TYPE],
    ['a program', Buffer.from('MZ\x90\0'), UNKNOWN_MIME_TYPE],
    ['text', Buffer.from('video/mp4'), UNKNOWN_MIME_TYPE],
    ['nothing', new Uint8Array(0), UNKNOWN_MIME_TYPE]
  ]
  for (const [what, head, mimeType] of cases) {
    it(`is ${mimeType} for ${what}`, async () => assert.equal(await sniffMimeType(head), mimeType))
  }

  it('allows for playing what it may itself answer, and nothing else', () => {
    assert.equal(isPlayableMimeType('video/webm'), true)
    for (const mimeType of [UNKNOWN_MIME_TYPE, 'text/html', 'image/svg+xml', 'video/mp4; x=y', '']) {
      assert.equal(isPlayableMimeType(mimeType), false)
    }
  })

  it('is always an answer, whatever the bytes', async () => {
    const beginnings = fc.constantFrom(
      '',
      '1a45dfa3',
      '52494646',
      '000000186674797069736f6d',
      '3026b2758e66cf11'
    )
    await fc.assert(
      fc.asyncProperty(beginnings, fc.uint8Array({ maxLength: 200 }), async (beginning, rest) => {
        const mimeType = await sniffMimeType(Buffer.concat([Buffer.from(beginning, 'hex'), rest]))
        assert.ok(mimeType === UNKNOWN_MIME_TYPE || isPlayableMimeType(mimeType))
      }),
      { numRuns: 500 }
    )
  })
})
