import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { type Metadata, openMetadata, sealMetadata } from '../../../src/peer/content/metadata.ts'
import { MAX_POSTER_BYTES } from '../../../src/peer/content/poster.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { encodeCanonical } from '../../../src/peer/wire/canonical.ts'
import { counterBytes } from './reference-vectors.ts'
import { peerError } from './signers.ts'

const ID = 'bafyreifn4p2hyvlambe5ue2bnqigexm3tkkipn6ktvaobj3i2p7db3vqka'

describe('Metadata', () => {
  const key = counterBytes(32, 1)
  const contentId = counterBytes(32, 2)
  const seal = (metadata: Metadata): Uint8Array => sealMetadata(key, contentId, metadata, systemRandom)
  const open = (sealed: Uint8Array): Metadata => openMetadata(key, contentId, sealed)

  /** What an owner with a changed program could have encrypted. */
  function sealAnything(value: unknown): Uint8Array {
    const nonce = counterBytes(12, 7)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(Buffer.concat([Buffer.from('chordcast/metadata/1'), contentId]))
    const encoded = value instanceof Uint8Array ? value : encodeCanonical(value)
    return Buffer.concat([nonce, cipher.update(encoded), cipher.final(), cipher.getAuthTag()])
  }

  const full: Metadata = {
    name: 'Démo 🎬.mp4',
    mimeType: 'video/mp4',
    sha256: counterBytes(32, 3),
    durationSeconds: 12.34,
    width: 1920,
    height: 1080,
    codecs: 'avc1.64001f,mp4a.40.2',
    frameRate: 29.97,
    hasAudio: true,
    audioChannels: 2,
    audioSampleRate: 48_000,
    indexRange: { start: 5_000_000, end: 5_010_000 },
    indexAtEnd: true,
    captions: [{ label: 'English', language: 'en', deflated: counterBytes(1000, 5) }],
    poster: counterBytes(MAX_POSTER_BYTES, 4)
  }
  const plain = { name: 'a.mp4', mimeType: 'video/mp4' }

  it('come back as they were, with everything or with little', () => {
    for (const metadata of [full, plain, { ...plain, members: [{ id: ID, name: 'part 1.mp4' }] }]) {
      assert.deepEqual(open(seal(metadata)), metadata)
    }
  })

  it('never look the same twice', () => {
    assert.notDeepEqual(seal(plain), seal(plain))
  })

  it('have names that are safe, whatever the sender wrote', () => {
    const hostile = { ...plain, name: '../../.ssh/id_rsa', members: [{ id: ID, name: 'C:\\con' }] }
    for (const opened of [open(sealAnything(hostile)), open(seal(hostile))]) {
      assert.equal(opened.name, 'id_rsa')
      assert.equal(opened.members?.[0]?.name, '_con')
    }
  })

  it('may hold what a later version adds', () => {
    assert.deepEqual(open(sealAnything({ ...plain, chapters: [1, 2] })), plain)
  })

  it('are refused with another key, for another video, or damaged in any part', () => {
    const sealed = seal(full)
    assert.throws(() => openMetadata(counterBytes(32, 9), contentId, sealed), peerError('MANIFEST_INVALID'))
    assert.throws(() => openMetadata(key, counterBytes(32, 9), sealed), peerError('MANIFEST_INVALID'))
    for (const at of [0, 11, 12, 500, sealed.length - 17, sealed.length - 1]) {
      const damaged = Uint8Array.from(sealed)
      damaged[at]! ^= 1
      assert.throws(() => open(damaged), peerError('MANIFEST_INVALID'))
    }
    for (const length of [0, 12, 27, 28, 100]) {
      assert.throws(() => open(sealed.subarray(0, length)), peerError('MANIFEST_INVALID'))
    }
  })

  const wrong: [what: string, value: unknown][] = [
    ['no name', { mimeType: 'video/mp4' }],
    ['an empty name', { ...plain, name: '' }],
    ['a name of more than 255 bytes', { ...plain, name: 'é'.repeat(128) }],
    ['no type', { name: 'a.mp4' }],
    ['a type with parameters', { ...plain, mimeType: 'text/html; charset=utf-8' }],
    ['a type with a line break', { ...plain, mimeType: 'video/mp4\r\nX: y' }],
    ['a hash of another length', { ...plain, sha256: counterBytes(20, 1) }],
    ['a negative duration', { ...plain, durationSeconds: -1 }],
    ['a duration of ages', { ...plain, durationSeconds: 1e12 }],
    ['a width of 0', { ...plain, width: 0 }],
    ['a height that is no number', { ...plain, height: '1080' }],
    ['a poster above 64 KiB', { ...plain, poster: new Uint8Array(MAX_POSTER_BYTES + 1) }],
    ['a member without an ID', { ...plain, members: [{ name: 'x' }] }],
    ['a member with a wrong ID', { ...plain, members: [{ id: 'bafy', name: 'x' }] }],
    ['too many members', { ...plain, members: Array(501).fill({ id: ID, name: 'x' }) }],
    ['a list instead', [1]],
    ['no CBOR', Buffer.from('hello')]
  ]
  for (const [what, value] of wrong) {
    it(`are refused with ${what}`, () => {
      assert.throws(() => open(sealAnything(value)), peerError('MANIFEST_INVALID'))
    })
  }

  it('ask for an update when they hold something critical', () => {
    assert.throws(() => open(sealAnything({ ...plain, critical: ['x'] })), peerError('UPGRADE_NEEDED'))
  })

  it('may leave out what is not known', () => {
    assert.deepEqual(open(seal({ ...plain, width: undefined, poster: undefined })), plain)
  })

  it('are never made out of bounds', () => {
    assert.throws(() => seal({ ...plain, width: 0 }), peerError('MANIFEST_INVALID'))
    assert.equal(open(seal({ ...plain, name: `${'é'.repeat(200)}.mp4` })).name.endsWith('é.mp4'), true)
  })
})
