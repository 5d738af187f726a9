import assert from 'node:assert/strict'
import { ChunkCipher, sealedLength } from '../../../src/peer/content/chunk-cipher.ts'
import { geometryOf } from '../../../src/peer/content/geometry.ts'
import { counterBytes, samplePlaintext } from './reference-vectors.ts'
import { peerError } from './signers.ts'

describe('Chunk cipher', () => {
  const geometry = geometryOf(600_000)
  const key = counterBytes(32, 1)
  const contentId = counterBytes(32, 2)
  const cipher = new ChunkCipher(key, contentId, geometry)
  const full = samplePlaintext(geometry.chunkSize)
  const last = samplePlaintext(600_000 - 2 * geometry.chunkSize)

  it('opens what it sealed', () => {
    assert.deepEqual(Buffer.from(cipher.openInPlace(0, cipher.seal(0, full))), Buffer.from(full))
    assert.deepEqual(Buffer.from(cipher.openInPlace(2, cipher.seal(2, last))), Buffer.from(last))
    assert.equal(cipher.seal(2, last).length, sealedLength(geometry, 2))
  })

  it('opens a chunk in its place, so that no memory is needed', () => {
    const sealed = cipher.seal(0, full)
    const opened = cipher.openInPlace(0, sealed)
    assert.equal(opened.buffer, sealed.buffer)
    assert.deepEqual(Buffer.from(sealed.subarray(0, full.length)), Buffer.from(full))
  })

  it('gives equal plaintexts different ciphertexts at different places', () => {
    assert.notDeepEqual(cipher.seal(0, full), cipher.seal(1, full))
  })

  it('refuses any damaged part of a chunk', () => {
    const sealed = cipher.seal(0, full)
    for (const at of [0, 1000, full.length - 1, full.length, sealed.length - 1]) {
      const damaged = Uint8Array.from(sealed)
      damaged[at]! ^= 1
      assert.throws(() => cipher.openInPlace(0, damaged), peerError('CHUNK_INVALID'))
    }
  })

  it('refuses chunks that are cut, extended, empty, or of no place', () => {
    const sealed = cipher.seal(0, full)
    assert.throws(() => cipher.openInPlace(0, sealed.slice(1)), peerError('CHUNK_INVALID'))
    assert.throws(
      () => cipher.openInPlace(0, Buffer.concat([sealed, Buffer.of(0)])),
      peerError('CHUNK_INVALID')
    )
    assert.throws(() => cipher.openInPlace(0, new Uint8Array(0)), peerError('CHUNK_INVALID'))
    for (const index of [-1, 3, 1.5, Number.NaN]) {
      assert.throws(() => cipher.openInPlace(index, sealed), peerError('CHUNK_INVALID'))
    }
  })

  it('refuses a chunk from another place, another video, another key, another length', () => {
    const sealed = cipher.seal(0, full)
    assert.throws(() => cipher.openInPlace(1, Uint8Array.from(sealed)), peerError('CHUNK_INVALID'))
    const others = [
      new ChunkCipher(key, counterBytes(32, 3), geometry),
      new ChunkCipher(counterBytes(32, 3), contentId, geometry),
      new ChunkCipher(key, contentId, geometryOf(900_000)),
      new ChunkCipher(key, contentId, { ...geometry, count: 1 })
    ]
    for (const other of others) {
      assert.throws(() => other.openInPlace(0, Uint8Array.from(sealed)), peerError('CHUNK_INVALID'))
    }
  })

  it('never encrypts a piece of the wrong length', () => {
    assert.throws(() => cipher.seal(0, last), peerError('CHUNK_INVALID'))
    assert.throws(() => [...cipher.sealSlices(2, full)], peerError('CHUNK_INVALID'))
  })
})
