import assert from 'node:assert/strict'
import { formatEditorLink, formatLink, parseIdOrLink } from '../../../src/peer/content/link.ts'
import { findLinks } from '../../../src/views/links/find-links.ts'
import { videoOfFile } from '../../../src/views/player/player-model.ts'
import { fakeVideo } from './fake-peer-api.ts'

const id = `bafyrei${'a'.repeat(52)}`
const addresses = ['/ip4/192.168.1.5/tcp/4001/p2p/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG']
const link = formatLink({ id, addresses })
const texts = (text: string): string[] => findLinks(text).map(found => found.text)

describe('links in a text', () => {
  it('are found in either form, with their addresses', () => {
    const inEditor = formatEditorLink({ id, addresses })
    assert.deepEqual(texts(`see ${link} or ${inEditor}`), [link, inEditor])
    assert.deepEqual(texts(`chordcast:${id}`), [`chordcast:${id}`])
  })

  const around: [string, string][] = [
    ['in Markdown', `[the demo](${link})`],
    ['in angle brackets', `<${link}>`],
    ['in quotes', `"${link}"`],
    ['at the end of a sentence', `Watch ${link}.`],
    ['in bold', `**${link}**`],
    ['in a list of text', `- ${link}, and more`]
  ]
  for (const [where, text] of around) {
    it(`are found ${where}, and nothing that stands around them`, () => assert.deepEqual(texts(text), [link]))
  }

  it('are what the engine reads', () => {
    for (const found of texts(`${link} ${formatEditorLink({ id, addresses })}`))
      assert.deepEqual(parseIdOrLink(found), { id, addresses })
  })

  it('have their place in the text', () => {
    const text = `a\n(${link})`
    const [found] = findLinks(text)
    assert.equal(text.slice(found?.start, found?.end), link)
  })

  it('are no IDs alone, no other links, and nothing cut short', () => {
    for (const text of [id, `https://example.org/${id}`, `chordcast:${id.slice(0, -1)}`, `chordcast:${id}a`])
      assert.deepEqual(texts(text), [], text)
  })

  it('are found in bounded time and number, whatever the text', () => {
    assert.equal(texts(`${link} `.repeat(2000)).length, 500)
    const start = performance.now()
    texts('chordcast:bafyrei'.repeat(100_000))
    texts(`chordcast:${id}?via=${'/'.repeat(2_000_000)}`)
    assert.ok(performance.now() - start < 2000)
  })
})

describe('the video of a file', () => {
  it('is the one that this peer shares, before one that it fetched', () => {
    const fetched = fakeVideo({ path: '/v/a.webm' })
    const shared = fakeVideo({
      path: '/v/a.webm',
      digest: 'e'.repeat(64),
      origin: 'shared',
      state: 'sharing'
    })
    assert.equal(videoOfFile([fetched, shared], '/v/a.webm'), shared)
    assert.equal(videoOfFile([fetched], '/v/a.webm'), fetched)
    assert.equal(videoOfFile([fetched], '/v/b.webm'), undefined)
  })
})
