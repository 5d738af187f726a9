import assert from 'node:assert/strict'
import { Catalogue } from '../../../src/peer/gossip/catalogue.ts'
import {
  decodeCatalogue,
  encodeCatalogue,
  type ListedVideo,
  MAX_CATALOGUE_BYTES
} from '../../../src/peer/gossip/catalogue-message.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { encodeCanonical } from '../../../src/peer/wire/canonical.ts'
import { seededRandom } from '../download/seeded-random.ts'
import { VirtualClock } from '../exchange/virtual-clock.ts'
import { MemoryTopics } from './memory-pubsub.ts'
import { AUTHOR, OTHER } from './sample-hint.ts'

const ID = 'bafyreifn4p2hyvlambe5ue2bnqigexm3tkkipn6ktvaobj3i2p7db3vqka'
const MINUTE = 60_000
const POSTER = new Uint8Array(32).fill(3)

function video(name: string): ListedVideo {
  return { id: ID, name, bytes: 1_000_000 }
}

describe('A list of the catalogue', () => {
  it('comes out of its encoding as it went in', () => {
    const message = {
      sequence: 5,
      asks: true,
      videos: [{ ...video('demo.webm'), poster: POSTER }, video('b')]
    }
    assert.deepEqual(decodeCatalogue(encodeCatalogue(message)), message)
  })

  it('is small even when it says as much as it may, and cuts names between characters', () => {
    const videos = Array.from({ length: 20 }, () => ({ ...video('🎬'.repeat(80)), poster: POSTER }))
    const bytes = encodeCatalogue({ sequence: 5, asks: false, videos })
    assert.ok(bytes.length < MAX_CATALOGUE_BYTES)
    const read = decodeCatalogue(bytes)
    assert.equal(read.videos.length, 16)
    assert.equal(read.videos[0]?.name, '🎬'.repeat(50))
  })

  it('has names that are safe', () => {
    const bytes = encodeCatalogue({ sequence: 5, asks: false, videos: [video('../../a\u202eb.webm')] })
    assert.equal(decodeCatalogue(bytes).videos[0]?.name, 'ab.webm')
  })

  const whole = { version: 1, sequence: 5, asks: false }
  const broken: [string, Record<string, unknown>, string][] = [
    ['an ID that is none', { ...whole, videos: [{ ...video('a'), id: 'bafyx' }] }, 'ID_INVALID'],
    ['no name', { ...whole, videos: [{ ...video('') }] }, 'FRAME_INVALID'],
    ['an empty video', { ...whole, videos: [{ ...video('a'), bytes: 0 }] }, 'FRAME_INVALID'],
    ['more than 16 videos', { ...whole, videos: Array(17).fill(video('a')) }, 'FRAME_INVALID'],
    [
      'a poster of a wrong length',
      { ...whole, videos: [{ ...video('a'), poster: POSTER.subarray(1) }] },
      'FRAME_INVALID'
    ],
    ['a later version', { version: 2 }, 'UPGRADE_NEEDED']
  ]
  for (const [what, value, code] of broken) {
    it(`with ${what} is refused`, () => {
      assert.throws(() => decodeCatalogue(encodeCanonical(value)), { code })
    })
  }
})

describe('The catalogue of a ring', () => {
  let clock: VirtualClock
  let topics: MemoryTopics
  let listed: ListedVideo[]
  let lister: Catalogue
  let reader: Catalogue

  beforeEach(() => {
    clock = new VirtualClock()
    topics = new MemoryTopics()
    listed = [video('a')]
    lister = catalogueOf(AUTHOR, () => listed)
    reader = catalogueOf(OTHER, () => [])
  })

  function catalogueOf(ownPeerId: string, own: () => readonly ListedVideo[]): Catalogue {
    const random = seededRandom(1)
    const pubsub = topics.pubsubOf(ownPeerId)
    return new Catalogue({ ring: 'test', pubsub, ownPeerId, listed: own, clock, random, log: silentLogger })
  }

  const names = (): string[] => reader.list().map(({ name }) => name)

  it('tells everybody what one lists, soon after it comes', async () => {
    reader.start()
    lister.start()
    await clock.advance(1_000)
    assert.deepEqual(reader.list(), [{ ...video('a'), peerId: AUTHOR }])
    assert.deepEqual(lister.list(), [{ ...video('a'), peerId: AUTHOR }], 'its own included')
  })

  it('follows changes, also when nothing is listed any more', async () => {
    reader.start()
    lister.start()
    await clock.advance(5_000)
    listed = [video('b'), video('a')]
    lister.changed()
    await clock.advance(5_000)
    assert.deepEqual(names(), ['b', 'a'])
    listed = []
    lister.changed()
    await clock.advance(5_000)
    assert.deepEqual(names(), [])
  })

  it('answers whoever asks', async () => {
    lister.start()
    await clock.advance(MINUTE)
    reader.start()
    reader.ask()
    await clock.advance(5_000)
    assert.deepEqual(names(), ['a'])
  })

  it('asks again when nobody was there to hear', async () => {
    reader.start()
    reader.ask()
    await clock.advance(MINUTE)
    lister.start()
    await clock.advance(5_000)
    assert.deepEqual(names(), ['a'])
  })

  it('is announced every few minutes, and forgotten when it is not', async () => {
    reader.start()
    lister.start()
    await clock.advance(60 * MINUTE)
    assert.deepEqual(names(), ['a'])
    lister.stop()
    await clock.advance(10 * MINUTE)
    assert.deepEqual(names(), ['a'])
    await clock.advance(7 * MINUTE)
    assert.deepEqual(names(), [])
  })

  it('keeps at most a thousand videos', async () => {
    reader.start()
    const many = Array.from({ length: 16 }, (_, index) => video(`${index}`))
    for (let peer = 0; peer < 70; peer++) {
      const data = encodeCatalogue({ sequence: clock.now() + peer + 1, asks: false, videos: many })
      await topics.pubsubOf(`peer-${peer}`).publish('/chordcast/catalogue/1/test', data)
    }
    const list = reader.list()
    assert.equal(list.length, 992)
    assert.equal(list.at(-1)?.peerId, 'peer-69')
  })

  it('says nothing where nothing is listed', async () => {
    lister.start()
    let heard = 0
    topics.pubsubOf('spy').subscribe('/chordcast/catalogue/1/test', {
      judge: () => {
        heard++
        return 'ignore'
      },
      joined: () => undefined
    })
    listed = []
    await clock.advance(30 * MINUTE)
    assert.equal(heard, 0)
  })
})
