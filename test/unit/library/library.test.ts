import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identifyFile } from '../../../src/peer/content/source-file.ts'
import { type DataFolder, openDataFolder } from '../../../src/peer/library/data-folder.ts'
import { Library } from '../../../src/peer/library/library.ts'
import type { LibraryEntry } from '../../../src/peer/library/library-entry.ts'
import { createLogger, type LogLine, silentLogger } from '../../../src/peer/log.ts'

const A = 'aa'.repeat(32)
const B = 'bb'.repeat(32)

function entry(digest: string, changes: Partial<LibraryEntry> = {}): LibraryEntry {
  return {
    digest,
    origin: 'shared',
    name: '../../démo 🎬.webm',
    mimeType: 'video/webm',
    bytes: 300_000,
    chunkSize: 262_144,
    chunks: 2,
    policy: 'open',
    state: 'sharing',
    addedAt: 1000,
    ...changes
  }
}

describe('library', () => {
  let folder: DataFolder

  beforeEach(async () => {
    folder = await openDataFolder(await mkdtemp(join(tmpdir(), 'chordcast-test-')))
  })

  afterEach(() => rm(folder.path, { recursive: true }))

  const load = (): Promise<Library> => Library.load(folder, silentLogger)

  it('keeps entries over a restart, oldest first', async () => {
    const library = await load()
    await library.put(entry(A, { addedAt: 2000, viaAddresses: ['/ip4/1.2.3.4/tcp/1'] }))
    await library.put(entry(B, { addedAt: 1000, origin: 'fetched', state: 'paused', partPath: '/x.part' }))
    const again = await load()
    assert.deepEqual(again.list(), library.list())
    assert.deepEqual(
      again.list().map(({ digest }) => digest),
      [B, A]
    )
  })

  it('shows a change at once, and keeps the last of many', async () => {
    const library = await load()
    const writes = Array.from({ length: 20 }, (_, bytes) => library.put(entry(A, { bytes })))
    assert.equal(library.get(A)?.bytes, 19)
    await Promise.all(writes)
    assert.equal((await load()).get(A)?.bytes, 19)
  })

  it('gives and takes copies', async () => {
    const library = await load()
    const mine = entry(A)
    await library.put(mine)
    mine.name = 'changed'
    const got = library.get(A)
    if (got) got.name = 'changed'
    assert.equal(library.get(A)?.name, entry(A).name)
  })

  it('forgets an entry with manifest and leaves', async () => {
    const library = await load()
    await library.put(entry(A))
    await library.writeManifest(A, Buffer.from('manifest'))
    await library.writeLeaves(A, Buffer.alloc(64))
    await library.delete(A)
    await library.delete(B)
    assert.deepEqual(await readdir(folder.library), [])
    assert.equal(library.get(A), undefined)
  })

  it('keeps manifest and leaves', async () => {
    const library = await load()
    assert.equal(await library.readManifest(A), undefined)
    await library.writeManifest(A, Buffer.from('manifest'))
    await library.writeLeaves(A, Buffer.alloc(64, 1))
    assert.equal(String(await library.readManifest(A)), 'manifest')
    assert.deepEqual(await library.readLeaves(A), Buffer.alloc(64, 1))
  })

  it('sets a damaged entry aside with a warning, and loads the others', async () => {
    const library = await load()
    await library.put(entry(A))
    for (const bad of [
      '{"digest":',
      '{}',
      JSON.stringify(entry(A)),
      JSON.stringify(entry(B, { bytes: -1 }))
    ]) {
      await writeFile(join(folder.library, `${B}.json`), bad)
      const lines: LogLine[] = []
      const again = await Library.load(
        folder,
        createLogger('library', line => lines.push(line))
      )
      assert.deepEqual(again.list(), [entry(A)])
      assert.deepEqual(
        lines.map(({ level }) => level),
        ['warn']
      )
      const aside = (await readdir(folder.library)).find(name => name.startsWith(`${B}.json.damaged-`))
      assert.equal(await readFile(join(folder.library, aside ?? ''), 'utf8'), bad)
      await rm(join(folder.library, aside ?? ''))
    }
  })

  it('refuses an entry or a digest that is none', async () => {
    const library = await load()
    await assert.rejects(library.put(entry('../../etc/passwd')))
    await assert.rejects(async () => await library.readManifest('../../etc/passwd'), {
      code: 'VIDEO_UNKNOWN'
    })
  })

  it('finds the share of the same unchanged file under the same policy', async () => {
    const library = await load()
    const path = join(folder.path, 'video.webm')
    await writeFile(path, 'video')
    const identity = await identifyFile(path)
    await library.put(entry(A, { path, fileIdentity: identity }))
    const again = await load()
    assert.equal(again.findBySource(path, await identifyFile(path), 'open')?.digest, A)
    assert.equal(again.findBySource(path, identity, 'ask'), undefined)
    assert.equal(again.findBySource(`${path}2`, identity, 'open'), undefined)
    await utimes(path, 1, 1)
    assert.equal(again.findBySource(path, await identifyFile(path), 'open'), undefined)
    await again.put(entry(A, { path, fileIdentity: identity, state: 'stale', stale: 'It changed.' }))
    assert.equal(again.findBySource(path, identity, 'open'), undefined)
  })

  it('says when the folder cannot be written', async () => {
    const library = await load()
    await rm(folder.library, { recursive: true })
    await assert.rejects(library.put(entry(A)), { code: 'FOLDER_UNWRITABLE' })
  })
})
