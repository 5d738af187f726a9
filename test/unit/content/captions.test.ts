import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import {
  MAX_CAPTION_BYTES,
  MAX_PACKED_CAPTION_BYTES,
  packCaptions,
  unpackCaptions
} from '../../../src/peer/content/captions/packed-captions.ts'
import { cleanWebVtt } from '../../../src/peer/content/captions/web-vtt.ts'
import { posterType } from '../../../src/peer/content/poster.ts'

const track = (text: string): string => `WEBVTT\n\n00:00.000 --> 00:01.000\n${text}\n`

describe('Packed captions', () => {
  it('come back as they were', async () => {
    const captions = [
      { label: 'English', language: 'en', vtt: track('Hello') },
      { label: 'Captions', vtt: track('Größe 🎬') }
    ]
    const { packed, leftOut } = await packCaptions(captions)
    assert.deepEqual([unpackCaptions(packed), leftOut], [captions, []])
  })

  it('are at most eight', async () => {
    const captions = Array.from({ length: 10 }, (_, index) => ({ label: `${index}`, vtt: track('x') }))
    const { packed, leftOut } = await packCaptions(captions)
    assert.deepEqual([packed.length, leftOut.map(({ label }) => label)], [8, ['8', '9']])
  })

  it('leave out what does not fit, and take what comes after it', async () => {
    const large = track(randomBytes(MAX_PACKED_CAPTION_BYTES).toString('base64'))
    const repetitive = track('la '.repeat(MAX_CAPTION_BYTES / 3))
    const { packed, leftOut } = await packCaptions([
      { label: 'large', vtt: large },
      { label: 'repetitive', vtt: repetitive },
      { label: 'small', vtt: track('x') }
    ])
    assert.deepEqual(
      [packed, leftOut].map(list => list.map(({ label }) => label)),
      [['small'], ['large', 'repetitive']]
    )
  })

  it('are inflated within bounds, whatever a sender packed', () => {
    const bomb = deflateRawSync(Buffer.concat([Buffer.from('WEBVTT\n\n'), Buffer.alloc(64 * 1024 * 1024)]))
    const damaged = Buffer.from('no deflate')
    const packed = [bomb, damaged, deflateRawSync(track('fine'))].map(deflated => ({ label: 'x', deflated }))
    assert.deepEqual(unpackCaptions(packed), [{ label: 'x', vtt: track('fine') }])
  })

  it('share one bound', () => {
    const half = deflateRawSync(track('x'.repeat(MAX_CAPTION_BYTES * 0.6)))
    const packed = [half, half, half].map(deflated => ({ label: 'x', deflated }))
    assert.equal(unpackCaptions(packed).length, 1)
  })
})

describe('WebVTT of a stranger', () => {
  const clean = (text: string): string | undefined => cleanWebVtt(Buffer.from(text))

  it('loses its style sheets, byte order mark, carriage returns and control characters', () => {
    const vtt =
      '\ufeffWEBVTT - demo\r\n\r\nSTYLE\r\n::cue { background: url(http://x) }\r\n\r\n00:00.000 --> 00:01.000\r\na\u0000b\u001b\r\n'
    assert.equal(clean(vtt), 'WEBVTT - demo\n\n00:00.000 --> 00:01.000\nab\n')
  })

  it('keeps a cue that begins with the word', () => {
    assert.equal(clean(track('STYLE matters')), track('STYLE matters'))
  })

  it('is refused when it is something else', () => {
    for (const text of ['', 'WEBVTTX', '<!doctype html>', ' WEBVTT', '1\n00:00:00,000 --> 00:00:01,000\nx']) {
      assert.equal(clean(text), undefined)
    }
    assert.equal(cleanWebVtt(Buffer.from('WEBVTT\n\n\xff', 'latin1')), undefined)
  })
})

describe('A poster', () => {
  const padded = (head: string): Uint8Array => Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(50)])

  it('is known by its first bytes', () => {
    assert.equal(posterType(padded('\xff\xd8\xff\xe0')), 'image/jpeg')
    assert.equal(posterType(padded('\x89PNG\r\n\x1a\n')), 'image/png')
    assert.equal(posterType(padded('RIFF\x10\0\0\0WEBP')), 'image/webp')
  })

  it('is nothing else, and not large', () => {
    for (const head of ['', '<svg xmlns=', 'GIF89a', 'RIFF\x10\0\0\0WAVE'])
      assert.equal(posterType(padded(head)), undefined)
    assert.equal(posterType(Buffer.concat([padded('\xff\xd8\xff'), Buffer.alloc(64 * 1024)])), undefined)
  })
})
