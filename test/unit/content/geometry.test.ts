import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  chunkLength,
  chunkOffset,
  chunksOfBytes,
  geometryOf,
  MAX_BYTE_LENGTH
} from '../../../src/peer/content/geometry.ts'
import { peerError } from './signers.ts'

const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

describe('Geometry of a video', () => {
  const cases: [name: string, bytes: number, chunkSize: number, count: number][] = [
    ['one byte', 1, 256 * KIB, 1],
    ['one chunk exactly', 256 * KIB, 256 * KIB, 1],
    ['one chunk and a byte', 256 * KIB + 1, 256 * KIB, 2],
    ['512 MiB', 512 * MIB, 256 * KIB, 2048],
    ['just above 512 MiB', 512 * MIB + 1, 512 * KIB, 1025],
    ['1 GiB', GIB, 512 * KIB, 2048],
    ['just above 1 GiB', GIB + 1, MIB, 1025],
    ['4 GiB', 4 * GIB, 2 * MIB, 2048],
    ['just above 4 GiB', 4 * GIB + 1, 2 * MIB, 2049],
    ['64 GiB', 64 * GIB, 2 * MIB, 32_768]
  ]
  for (const [name, bytes, chunkSize, count] of cases) {
    it(`cuts ${name} into ${count} chunks of ${chunkSize / KIB} KiB`, () => {
      assert.deepEqual(geometryOf(bytes), { byteLength: bytes, chunkSize, count })
    })
  }

  it('refuses an empty file and one above 64 GiB', () => {
    assert.throws(() => geometryOf(0), peerError('FILE_EMPTY'))
    assert.throws(() => geometryOf(64 * GIB + 1), peerError('FILE_TOO_LARGE'))
  })

  it('covers each byte exactly once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_BYTE_LENGTH }), byteLength => {
        const geometry = geometryOf(byteLength)
        const last = geometry.count - 1
        assert.equal(chunkOffset(geometry, last) + chunkLength(geometry, last), byteLength)
        assert.ok(chunkLength(geometry, last) >= 1)
      })
    )
  })

  it('finds the chunks of a byte range, clipped to the video', () => {
    const geometry = geometryOf(1_000_000)
    assert.deepEqual(chunksOfBytes(geometry, 0, 1), { first: 0, end: 1 })
    assert.deepEqual(chunksOfBytes(geometry, 262_143, 262_145), { first: 0, end: 2 })
    assert.deepEqual(chunksOfBytes(geometry, 262_144, 524_288), { first: 1, end: 2 })
    assert.deepEqual(chunksOfBytes(geometry, 999_999, 5_000_000), { first: 3, end: 4 })
    assert.deepEqual(chunksOfBytes(geometry, 1_000_000, 2_000_000), { first: 0, end: 0 })
    assert.deepEqual(chunksOfBytes(geometry, 10, 10), { first: 0, end: 0 })
  })
})
