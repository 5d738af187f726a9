import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChunkCipher, TAG_LENGTH } from '../../../src/peer/content/chunk-cipher.ts'
import { chunkLength, chunkOffset, geometryOf } from '../../../src/peer/content/geometry.ts'
import { leafHash, merkleRoot } from '../../../src/peer/content/merkle-tree.ts'
import { sealFile } from '../../../src/peer/content/seal-file.ts'
import { identifyFile, isSameFile } from '../../../src/peer/content/source-file.ts'
import { sha256 } from './reference-implementation.ts'
import { counterBytes, samplePlaintext } from './reference-vectors.ts'
import { peerError } from './signers.ts'

const keys = { chunkKey: counterBytes(32, 1), contentId: counterBytes(32, 2) }

describe('Sealing a file', () => {
  let folder: string
  let path: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-seal-'))
    path = join(folder, 'video.mp4')
  })
  afterEach(() => rm(folder, { recursive: true }))

  for (const length of [1, 16, 262_144, 262_160, 2_097_152, 2_097_153, 5_000_000]) {
    it(`gives the same leaves as sealing chunk by chunk (${length} bytes)`, async () => {
      const plaintext = samplePlaintext(length)
      await writeFile(path, plaintext)
      const geometry = geometryOf(length)
      const cipher = new ChunkCipher(keys.chunkKey, keys.contentId, geometry)
      const chunks = Array.from({ length: geometry.count }, (_, index) => {
        const start = chunkOffset(geometry, index)
        return cipher.seal(index, plaintext.subarray(start, start + chunkLength(geometry, index)))
      })
      const leaves = chunks.map((chunk, index) => leafHash(index, chunk))
      const sealed = await sealFile(path, keys)
      assert.deepEqual(sealed.geometry, geometry)
      assert.deepEqual(Buffer.from(sealed.leaves), Buffer.concat(leaves))
      for (const [index, chunk] of chunks.entries()) {
        assert.deepEqual(Buffer.from(sealed.tags.get(index) ?? []), Buffer.from(chunk.subarray(-TAG_LENGTH)))
      }
      assert.deepEqual(sealed.root, merkleRoot(Buffer.concat(leaves)))
      assert.deepEqual(Buffer.from(sealed.sha256), await sha256(plaintext))
      assert.deepEqual(sealed.identity, await identifyFile(path))
    })
  }

  it('tells how far it is, up to the end', async () => {
    await writeFile(path, new Uint8Array(5_000_000))
    const steps: [number, number][] = []
    await sealFile(path, keys, { onProgress: (done, bytes) => steps.push([done, bytes]) })
    assert.deepEqual(steps, [
      [2_097_152, 5_000_000],
      [4_194_304, 5_000_000],
      [5_000_000, 5_000_000]
    ])
  })

  it('explains files that cannot be shared', async () => {
    await assert.rejects(sealFile(join(folder, 'missing.mp4'), keys), peerError('FILE_MISSING'))
    await assert.rejects(sealFile(folder, keys), peerError('FILE_NOT_REGULAR'))
    await writeFile(path, '')
    await assert.rejects(sealFile(path, keys), peerError('FILE_EMPTY'))
    await assert.rejects(sealFile(join(path, 'below'), keys), peerError('FILE_MISSING'))
    await assert.rejects(sealFile('bad\0name', keys), peerError('FILE_UNREADABLE'))
  })

  it('refuses a file above 64 GiB before it reads any of it', async () => {
    await writeFile(path, 'x')
    await truncate(path, 64 * 1024 ** 3 + 1)
    await assert.rejects(sealFile(path, keys), peerError('FILE_TOO_LARGE'))
  })

  it('follows a link to a file', async () => {
    await writeFile(path, 'video')
    await symlink(path, join(folder, 'link.mp4'))
    assert.equal((await sealFile(join(folder, 'link.mp4'), keys)).geometry.byteLength, 5)
  })

  const changes: [what: string, change: (path: string) => void][] = [
    ['grows', file => appendFileSync(file, 'more')],
    ['shrinks', file => truncateSync(file, 3_000_000)],
    ['is touched', file => utimesSync(file, 1, 1)],
    ['is deleted', file => rmSync(file)],
    [
      'is replaced by another of the same size',
      file => {
        writeFileSync(`${file}.new`, new Uint8Array(5_000_000))
        renameSync(`${file}.new`, file)
      }
    ],
    [
      'becomes a folder',
      file => {
        rmSync(file)
        mkdirSync(file)
      }
    ]
  ]
  for (const [what, change] of changes) {
    it(`notices when the file ${what} meanwhile`, async () => {
      await writeFile(path, new Uint8Array(5_000_000))
      const onProgress = (done: number): void => {
        if (done === 2_097_152) change(path)
      }
      await assert.rejects(sealFile(path, keys, { onProgress }), peerError('FILE_CHANGED'))
    })
  }

  it('stops when it is cancelled, before and during', async () => {
    await writeFile(path, new Uint8Array(5_000_000))
    await assert.rejects(sealFile(path, keys, { signal: AbortSignal.abort() }), peerError('ABORTED'))
    const controller = new AbortController()
    const options = { signal: controller.signal, onProgress: () => controller.abort('stop') }
    await assert.rejects(sealFile(path, keys, options), peerError('ABORTED'))
  })

  it('knows a file again until it changes', async () => {
    await writeFile(path, 'video')
    const before = await identifyFile(path)
    assert.equal(isSameFile(before, await identifyFile(path)), true)
    await utimes(path, 1, 1)
    assert.equal(isSameFile(before, await identifyFile(path)), false)
  })
})
