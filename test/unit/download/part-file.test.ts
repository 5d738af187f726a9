import assert from 'node:assert/strict'
import { link, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FileSystem, systemFiles } from '../../../src/peer/download/file-system.ts'
import { PartFile } from '../../../src/peer/download/part-file.ts'
import { numberedNames, pathInside, resolveTarget } from '../../../src/peer/download/target.ts'
import { peerError } from '../content/signers.ts'
import { SmallDisk } from './small-disk.ts'

const CHUNK = 256 * 1024
const geometry = { byteLength: 2 * CHUNK + 5, chunkSize: CHUNK, count: 3 }
const contents = [Buffer.alloc(CHUNK, 'a'), Buffer.alloc(CHUNK, 'b'), Buffer.alloc(5, 'c')]

describe('an unfinished file', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chordcast-part-'))
  })

  afterEach(() => rm(folder, { recursive: true, force: true }))

  const create = (name = 'v.webm', fs: FileSystem = systemFiles): Promise<PartFile> =>
    PartFile.create({ folder }, name, geometry, fs)

  async function fill(part: PartFile): Promise<void> {
    for (const [index, bytes] of [...contents.entries()].reverse()) await part.write(index, bytes)
  }

  it('lies beside the final name until it is whole', async () => {
    const part = await create()
    await fill(part)
    assert.deepEqual(await readdir(folder), ['v.webm.part'])
    assert.deepEqual(Buffer.from(await part.read(1)), contents[1])
    assert.equal(await part.finish(), join(folder, 'v.webm'))
    assert.deepEqual(await readdir(folder), ['v.webm'])
    assert.deepEqual(await readFile(join(folder, 'v.webm')), Buffer.concat(contents))
    assert.deepEqual(Buffer.from(await part.read(2)), contents[2], 'and can be read on under its final name')
    await part.close()
  })

  it('takes another number when the name, or an unfinished file of it, is there', async () => {
    await writeFile(join(folder, 'v.webm'), 'mine')
    const second = await create()
    const third = await create()
    assert.equal(second.path, join(folder, 'v (2).webm.part'))
    assert.equal(third.path, join(folder, 'v (3).webm.part'))
    await Promise.all([second.discard(), third.discard()])
    assert.deepEqual(await readdir(folder), ['v.webm'])
  })

  it('does not write through a link that lies under its name', async () => {
    await writeFile(join(folder, 'victim'), 'mine')
    await symlink(join(folder, 'victim'), join(folder, 'v.webm.part'))
    const part = await create()
    await fill(part)
    assert.equal((await readFile(join(folder, 'victim'))).toString(), 'mine')
    await assert.rejects(
      PartFile.reopen(join(folder, 'v.webm.part'), geometry, systemFiles),
      peerError('FOLDER_UNWRITABLE')
    )
    await part.close()
  })

  it('is opened again with what was written', async () => {
    const part = await create()
    await fill(part)
    await part.close()
    const again = await PartFile.reopen(part.path, geometry, systemFiles)
    assert.deepEqual(again && Buffer.from(await again.read(0)), contents[0])
    await again?.close()
  })

  it('gets its length back when it was cut', async () => {
    const part = await create()
    await fill(part)
    await part.close()
    await truncate(part.path, CHUNK)
    const again = await PartFile.reopen(part.path, geometry, systemFiles)
    assert.deepEqual(again && Buffer.from(await again.read(2)), Buffer.alloc(5))
    await again?.close()
  })

  it('is undefined when it is gone', async () => {
    assert.equal(await PartFile.reopen(join(folder, 'gone.part'), geometry, systemFiles), undefined)
  })

  it('is finished though a crash left it under both names', async () => {
    const part = await create()
    await fill(part)
    await link(part.path, join(folder, 'v.webm'))
    assert.equal(await part.finish(), join(folder, 'v.webm'))
    assert.deepEqual(await readdir(folder), ['v.webm'])
    await part.close()
  })

  it('is finished on a file system without hard links, and replaces nothing there', async () => {
    const withoutLinks: FileSystem = {
      ...systemFiles,
      link: () => Promise.reject(Object.assign(new Error('not supported'), { code: 'EPERM' }))
    }
    const part = await create('v.webm', withoutLinks)
    await writeFile(join(folder, 'v.webm'), 'mine')
    assert.equal(await part.finish(), join(folder, 'v (2).webm'))
    assert.equal((await readFile(join(folder, 'v.webm'))).toString(), 'mine')
    await part.close()
  })

  it('says that the disk is full', async () => {
    const part = await create('v.webm', new SmallDisk(1))
    await part.write(0, contents[0] ?? Buffer.alloc(0))
    await assert.rejects(part.write(1, contents[1] ?? Buffer.alloc(0)), peerError('DISK_FULL'))
    await part.close()
  })

  it('says that the folder is gone', async () => {
    await assert.rejects(
      PartFile.create({ folder: join(folder, 'gone') }, 'v.webm', geometry, systemFiles),
      peerError('FOLDER_UNWRITABLE')
    )
  })

  it('keeps a file when a folder has the final name', async () => {
    const part = await create()
    await fill(part)
    await mkdir(join(folder, 'v.webm'))
    await assert.rejects(part.finish(true), peerError('FOLDER_UNWRITABLE'))
    assert.deepEqual(await readdir(folder), ['v.webm', 'v.webm.part'])
    await part.close()
  })

  describe('and where it goes', () => {
    it('is a folder, or a file path, or the default folder, which is made', async () => {
      const made = join(folder, 'Downloads', 'deep')
      assert.deepEqual(await resolveTarget(undefined, made, false, systemFiles), {
        folder: made,
        overwrite: false
      })
      assert.deepEqual(await resolveTarget(folder, '/no', true, systemFiles), { folder, overwrite: true })
      assert.deepEqual(await resolveTarget(join(folder, 'my name.webm'), '/no', false, systemFiles), {
        folder,
        fileName: 'my name.webm',
        overwrite: false
      })
    })

    it('must have a folder', async () => {
      const output = join(folder, 'no', 'v.webm')
      await assert.rejects(resolveTarget(output, folder, false, systemFiles), peerError('FOLDER_UNWRITABLE'))
      await writeFile(join(folder, 'file'), '')
      await assert.rejects(
        resolveTarget(join(folder, 'file', 'v.webm'), folder, false, systemFiles),
        peerError('FOLDER_UNWRITABLE')
      )
    })

    it('never leaves the folder', () => {
      assert.equal(pathInside(folder, 'a b 😀.webm'), join(folder, 'a b 😀.webm'))
      for (const name of ['../x.mp4', '..', '.', '', 'a/b', '/etc/passwd']) {
        assert.throws(() => pathInside(folder, name), peerError('FOLDER_UNWRITABLE'))
      }
    })

    it('is numbered before the extension', () => {
      const [first, second, third] = numberedNames('v.1.webm')
      assert.deepEqual([first, second, third], ['v.1.webm', 'v.1 (2).webm', 'v.1 (3).webm'])
      const [, plain] = numberedNames('video')
      assert.equal(plain, 'video (2)')
    })
  })
})
