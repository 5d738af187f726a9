import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeFileAtomically } from '../../../src/peer/library/atomic-file.ts'
import { openDataFolder } from '../../../src/peer/library/data-folder.ts'

describe('data folder', () => {
  let parent: string
  let path: string

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'chordcast-test-'))
    path = join(parent, 'new', 'data')
  })

  afterEach(() => rm(parent, { recursive: true }))

  it('is made with its parts, for its owner only', async () => {
    const folder = await openDataFolder(path)
    assert.deepEqual((await readdir(path)).sort(), ['VERSION', 'chunks', 'journal', 'keys', 'library'])
    for (const part of [path, folder.keys, folder.library, folder.journal]) {
      assert.equal((await stat(part)).mode & 0o777, 0o700)
    }
    assert.equal(folder.chunks('ab'), join(path, 'chunks', 'ab'))
  })

  it('refuses a folder of a newer version, and changes nothing', async () => {
    await openDataFolder(path)
    await writeFile(join(path, 'VERSION'), '2\n')
    await writeFile(join(path, 'library', 'x.writing'), '')
    await assert.rejects(openDataFolder(path), { code: 'DATA_FOLDER_NEWER' })
    assert.equal(await readFile(join(path, 'VERSION'), 'utf8'), '2\n')
    assert.deepEqual(await readdir(join(path, 'library')), ['x.writing'])
  })

  it('migrates an older folder step by step, and a second time after a failure', async () => {
    await openDataFolder(path)
    const steps: string[] = []
    let broken = true
    const migrations = [
      async () => void steps.push('1 to 2'),
      async () => {
        if (broken) throw new Error('power cut')
        steps.push('2 to 3')
      }
    ]
    await assert.rejects(openDataFolder(path, { version: 3, migrations }), /power cut/)
    broken = false
    await openDataFolder(path, { version: 3, migrations })
    await openDataFolder(path, { version: 3, migrations })
    assert.deepEqual(steps, ['1 to 2', '1 to 2', '2 to 3'])
    assert.equal((await readFile(join(path, 'VERSION'), 'utf8')).trim(), '3')
  })

  it('sweeps what a crash left half-written, and nothing else', async () => {
    const folder = await openDataFolder(path)
    for (const part of [path, folder.keys, folder.library, folder.journal]) {
      await writeFile(join(part, 'a.json.0011.writing'), 'half')
      await writeFile(join(part, 'kept'), 'whole')
    }
    await openDataFolder(path)
    for (const part of [path, folder.keys, folder.library, folder.journal]) {
      const names = await readdir(part)
      assert.ok(names.includes('kept') && !names.some(name => name.endsWith('.writing')))
    }
  })

  it('draws a port once and keeps it', async () => {
    const port = await (await openDataFolder(path)).listenPort()
    assert.ok(port >= 20_000 && port <= 60_000, String(port))
    assert.equal(await (await openDataFolder(path)).listenPort(), port)
    await writeFile(join(path, 'port'), 'garbage')
    const drawn = await (await openDataFolder(path)).listenPort()
    assert.equal(await (await openDataFolder(path)).listenPort(), drawn)
  })

  it('says which folder cannot be used', async () => {
    await writeFile(join(parent, 'new'), 'a file')
    await assert.rejects(openDataFolder(path), (error: { code: string; message: string }) => {
      assert.equal(error.code, 'FOLDER_UNWRITABLE')
      assert.ok(error.message.includes(path))
      return true
    })
  })

  it('leaves the old file whole when a new one cannot be written', async () => {
    await openDataFolder(path)
    const file = join(path, 'port')
    await writeFileAtomically(file, Buffer.from('20000'))
    await rm(join(path, 'chunks'), { recursive: true })
    await assert.rejects(writeFileAtomically(join(path, 'chunks', 'x'), Buffer.from('1')), {
      code: 'FOLDER_UNWRITABLE'
    })
    assert.equal(await readFile(file, 'utf8'), '20000')
  })
})
