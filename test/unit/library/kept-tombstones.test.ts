import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SignedRecord } from '../../../src/peer/chord/chord.ts'
import { type DataFolder, openDataFolder } from '../../../src/peer/library/data-folder.ts'
import { KeptTombstones } from '../../../src/peer/library/kept-tombstones.ts'
import { createLogger, type LogLine } from '../../../src/peer/log.ts'

const DIGEST = 'ab'.repeat(32)
const SIGNED: SignedRecord = {
  kind: 'tombstone',
  payload: new Uint8Array([1, 2, 3]),
  algorithm: 'rsa-sha256',
  signature: new Uint8Array(256).fill(4),
  announceSignature: new Uint8Array(64).fill(5)
}

describe('kept tombstones', () => {
  let folder: DataFolder
  let lines: LogLine[]

  beforeEach(async () => {
    folder = await openDataFolder(await mkdtemp(join(tmpdir(), 'chordcast-test-')))
    lines = []
  })

  afterEach(() => rm(folder.path, { recursive: true }))

  const load = (): Promise<KeptTombstones> =>
    KeptTombstones.load(
      folder,
      createLogger('library', line => lines.push(line))
    )

  it('outlive a restart as they were signed', async () => {
    await (await load()).put(DIGEST, SIGNED)
    assert.deepEqual((await load()).list(), [{ digest: DIGEST, signed: SIGNED }])
  })

  it('are gone once deleted', async () => {
    const kept = await load()
    await kept.put(DIGEST, SIGNED)
    await kept.delete(DIGEST)
    assert.deepEqual(kept.list(), [])
    assert.deepEqual(await readdir(folder.library), [])
  })

  it('are passed over with a warning when damaged', async () => {
    await writeFile(join(folder.library, `${DIGEST}.tombstone`), 'no tombstone')
    assert.deepEqual((await load()).list(), [])
    assert.equal(lines[0]?.level, 'warn')
  })
})
