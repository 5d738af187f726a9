import assert from 'node:assert/strict'
import fc from 'fast-check'
import { safeFileName } from '../../src/peer/content/file-name.ts'
import { decodeCatalogue } from '../../src/peer/gossip/catalogue-message.ts'
import { decodeHint, encodeHint, type Hint } from '../../src/peer/gossip/hint.ts'
import { HintBook } from '../../src/peer/gossip/hint-book.ts'
import { openHint, sealHint } from '../../src/peer/gossip/sealed-hint.ts'
import { systemRandom } from '../../src/peer/random.ts'
import { encodeCanonical } from '../../src/peer/wire/canonical.ts'
import { VirtualClock } from '../unit/exchange/virtual-clock.ts'
import { AUTHOR, HINT_KEY, sampleHint } from '../unit/gossip/sample-hint.ts'
import { corrupted, expectOnlyPeerErrors, plainData } from './hostile-bytes.ts'

const RUNS = 20_000
const ID = 'bafyreifn4p2hyvlambe5ue2bnqigexm3tkkipn6ktvaobj3i2p7db3vqka'
const SEAL = { key: HINT_KEY, author: AUTHOR }

describe('Hints under hostile input', function () {
  this.timeout(120_000)
  const hint: Hint = { ...sampleHint(), wanted: [[5, 9]] }

  it('reads any plain data without harm, and what it takes is within bounds', async () => {
    const { load, ...fields } = hint
    const data = plainData({ version: 1, ...fields, ...load })
    await fc.assert(
      fc.asyncProperty(data, async changed => {
        const read = await expectOnlyPeerErrors(async () => decodeHint(encodeCanonical(changed), AUTHOR))
        if (!(read instanceof Error)) expectWithinBounds(read)
      }),
      { numRuns: RUNS }
    )
  })

  it('reads any change of an encoded hint without harm', async () => {
    await fc.assert(
      fc.asyncProperty(corrupted(encodeHint(hint)), async bytes => {
        const read = await expectOnlyPeerErrors(async () => decodeHint(bytes, AUTHOR))
        if (!(read instanceof Error)) expectWithinBounds(read)
      }),
      { numRuns: RUNS }
    )
  })

  it('refuses every change of a sealed hint', async () => {
    const sealed = sealHint(hint, SEAL, systemRandom)
    await fc.assert(
      fc.asyncProperty(corrupted(sealed), async bytes => {
        const read = await expectOnlyPeerErrors(async () => openHint(bytes, SEAL))
        assert.ok(read instanceof Error)
      }),
      { numRuns: RUNS }
    )
  })

  it('reads any list of the catalogue without harm, and what it takes is within bounds', async () => {
    const video = { id: ID, name: 'demo.webm', bytes: 5, poster: new Uint8Array(32) }
    const list = { version: 1, sequence: 5, asks: false, videos: [video, video] }
    const whole = encodeCanonical(list)
    const inputs = fc.oneof(
      plainData(list).map(encodeCanonical),
      plainData(video).map(changed => encodeCanonical({ ...list, videos: [changed] })),
      corrupted(whole)
    )
    await fc.assert(
      fc.asyncProperty(inputs, async bytes => {
        const read = await expectOnlyPeerErrors(async () => decodeCatalogue(bytes))
        if (read instanceof Error) return
        assert.ok(read.videos.length <= 16)
        assert.ok(
          read.videos.every(({ id, name }) => id.startsWith('bafyrei') && safeFileName(name) === name)
        )
      }),
      { numRuns: RUNS }
    )
  })

  it('judges any bytes of any author without harm', () => {
    const clock = new VirtualClock()
    const book = new HintBook({ clock, key: HINT_KEY, count: () => undefined })
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 4_000 }), (author, bytes) => {
        assert.notEqual(book.judge(author, bytes).verdict, 'accept')
      }),
      { numRuns: RUNS }
    )
  })
})

function expectWithinBounds({ count, have, ranges, wanted, addresses }: Hint): void {
  assert.ok(have <= count && count <= 1 << 20)
  assert.ok(addresses.length <= 4 && addresses.every(address => address.endsWith(AUTHOR)))
  for (const list of [ranges, wanted ?? []]) {
    assert.ok(list.length <= 64)
    for (const [start, end] of list) assert.ok(start >= 0 && start < end && end <= count)
  }
}
