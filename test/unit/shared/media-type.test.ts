import assert from 'node:assert/strict'
import { mediaKind } from '../../../src/shared/media-type.ts'

describe('the element for a type', () => {
  it('is chosen by its family', () => {
    assert.equal(mediaKind('video/webm'), 'video')
    assert.equal(mediaKind('audio/ogg'), 'audio')
    assert.equal(mediaKind('image/png'), 'image')
  })

  it('is none for what could run scripts or is no medium', () => {
    for (const type of ['image/svg+xml', 'text/html', 'application/octet-stream', ''])
      assert.equal(mediaKind(type), undefined)
  })
})
