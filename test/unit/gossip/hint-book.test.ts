import assert from 'node:assert/strict'
import type { Hint } from '../../../src/peer/gossip/hint.ts'
import { HintBook } from '../../../src/peer/gossip/hint-book.ts'
import { RelayBlame } from '../../../src/peer/gossip/relay-blame.ts'
import { sealHint } from '../../../src/peer/gossip/sealed-hint.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { VirtualClock } from '../exchange/virtual-clock.ts'
import { AUTHOR, HINT_KEY, OTHER, sampleHint } from './sample-hint.ts'

const MINUTE = 60_000

describe('The book of hints', () => {
  let clock: VirtualClock
  let count: number | undefined
  let book: HintBook

  beforeEach(async () => {
    clock = new VirtualClock()
    await clock.advance(100 * MINUTE)
    count = undefined
    book = new HintBook({ clock, key: HINT_KEY, count: () => count })
  })

  function judge(changed: Partial<Hint> = {}, author = AUTHOR): string {
    const hint = sampleHint({ sequence: clock.now(), addresses: [], ...changed })
    return book.judge(author, sealHint(hint, { key: HINT_KEY, author }, systemRandom)).verdict
  }

  it('accepts what is new, from each author for itself', () => {
    assert.equal(judge(), 'accept')
    assert.equal(judge({ sequence: clock.now() + 1 }), 'accept')
    assert.equal(judge({}, OTHER), 'accept')
  })

  it('ignores what is not newer than the last of its author', () => {
    judge()
    assert.equal(judge(), 'ignore')
    assert.equal(judge({ sequence: clock.now() - 1 }), 'ignore')
  })

  it('ignores what is ten minutes old or as far ahead, without remembering it', () => {
    assert.equal(judge({ sequence: clock.now() + 11 * MINUTE }), 'ignore')
    assert.equal(judge({ sequence: clock.now() - 11 * MINUTE }), 'ignore')
    assert.equal(judge({ sequence: clock.now() - 9 * MINUTE }), 'accept')
  })

  it('ignores another number of chunks than the manifest says, as soon as it is known', () => {
    assert.equal(judge({ count: 300 }), 'accept')
    count = 100
    assert.equal(judge({ count: 300, sequence: clock.now() + 1 }), 'ignore')
    assert.equal(judge({ count: 100, sequence: clock.now() + 2 }), 'accept')
    assert.equal(judge({ count: 0, have: 0, ranges: [], sequence: clock.now() + 3 }), 'accept')
  })

  it('ignores an author that speaks too often, until it has been quiet', async () => {
    const verdicts = [1, 2, 3, 4, 5].map(step => judge({ sequence: clock.now() + step }))
    assert.deepEqual(verdicts, ['accept', 'accept', 'accept', 'accept', 'ignore'])
    await clock.advance(2_000)
    assert.equal(judge({ sequence: clock.now() + 10 }), 'accept')
    assert.equal(judge({ sequence: clock.now() + 11 }), 'ignore')
  })

  it('never ignores an author that keeps to one hint each 2 s', async () => {
    for (let second = 0; second < 100; second += 2) {
      assert.equal(judge(), 'accept')
      await clock.advance(2_000)
    }
  })

  it('rejects what no honest peer passes on, and only that', () => {
    const forged = sealHint(sampleHint(), { key: new Uint8Array(32), author: AUTHOR }, systemRandom)
    assert.equal(book.judge(AUTHOR, forged).verdict, 'reject')
    assert.equal(book.judge(AUTHOR, new Uint8Array(5_000)).verdict, 'reject')
    assert.equal(judge({ have: 200, count: 100 }), 'reject')
    const ofAnother = sealHint(sampleHint(), { key: HINT_KEY, author: AUTHOR }, systemRandom)
    assert.equal(book.judge(OTHER, ofAnother).verdict, 'reject')
  })

  it('remembers no more than 512 authors', () => {
    judge()
    for (let index = 0; index < 512; index++) judge({}, `author-${index}`)
    assert.equal(judge(), 'accept', 'the one that was silent longest is forgotten')
    assert.equal(judge({}, 'author-500'), 'ignore')
  })
})

describe('Blame for what was passed on', () => {
  it('adds up, and halves each minute', async () => {
    const clock = new VirtualClock()
    const blame = new RelayBlame(clock)
    assert.equal(blame.of(AUTHOR), 0)
    blame.add(AUTHOR)
    blame.add(AUTHOR)
    assert.equal(blame.of(AUTHOR), 2)
    await clock.advance(MINUTE)
    assert.equal(blame.of(AUTHOR), 1)
    assert.equal(blame.of(OTHER), 0)
  })
})
