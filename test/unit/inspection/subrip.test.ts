import assert from 'node:assert/strict'
import { subRipToWebVtt } from '../../../src/peer/inspection/subrip.ts'

describe('SubRip as WebVTT', () => {
  it('keeps times and lines', () => {
    const subRip =
      '1\r\n00:00:01,000 --> 00:00:02,500\r\nHello,\r\nworld\r\n\r\n2\r\n01:02:03,04 --> 01:02:04,9\r\nBye\r\n'
    assert.equal(
      subRipToWebVtt(subRip),
      'WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello,\nworld\n\n01:02:03.040 --> 01:02:04.900\nBye\n'
    )
  })

  const texts: [subRip: string, webVtt: string][] = [
    ['<i>so</i> <B>what</B>', '<i>so</i> <b>what</b>'],
    ['<font color="#fff">white</font>', 'white'],
    ['{\\an8}above', 'above'],
    ['a < b && c --> d', 'a &lt; b &amp;&amp; c --&gt; d'],
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;']
  ]
  for (const [subRip, webVtt] of texts) {
    it(`writes ${subRip} as ${webVtt}`, () => {
      const [, cue = ''] = subRipToWebVtt(`1\n00:00:00,000 --> 00:00:01,000\n${subRip}\n`).split('\n\n')
      assert.equal(cue.trimEnd().split('\n')[1], webVtt)
    })
  }

  it('is lenient: hours may be absent, numbers and empty lines as well', () => {
    const lenient =
      '00:01.5 --> 00:02.0\nfirst\n2\n00:00:03,000 --> 00:00:04,000\nsecond\n\n\n\n00:00:05,000 --> 00:00:06,000 X1:0\nthird'
    assert.equal(
      subRipToWebVtt(lenient),
      'WEBVTT\n\n00:00:01.500 --> 00:00:02.000\nfirst\n\n00:00:03.000 --> 00:00:04.000\nsecond\n\n00:00:05.000 --> 00:00:06.000\nthird\n'
    )
  })

  it('is an empty track for what holds no cues', () => {
    for (const text of ['', 'no captions here', '1\n2\n3', '00:00:00,000 --> nowhere']) {
      assert.equal(subRipToWebVtt(text), 'WEBVTT\n')
    }
  })

  it('takes a moment for half a megabyte of anything', () => {
    const hostile = [
      '<'.repeat(500_000),
      '{\\'.repeat(250_000),
      '00:00:00,000 --> 00:00:01,000\n'.repeat(17_000)
    ]
    const began = performance.now()
    for (const text of hostile) subRipToWebVtt(`1\n00:00:00,000 --> 00:00:01,000\n${text}`)
    assert.ok(performance.now() - began < 2000)
  })
})
