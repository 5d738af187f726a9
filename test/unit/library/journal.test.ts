import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DataFolder, openDataFolder } from '../../../src/peer/library/data-folder.ts'
import { Journal } from '../../../src/peer/library/journal.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { VirtualClock } from '../exchange/virtual-clock.ts'

const DIGEST = 'cd'.repeat(32)

describe('journal', () => {
  let folder: DataFolder

  beforeEach(async () => {
    folder = await openDataFolder(await mkdtemp(join(tmpdir(), 'chordcast-test-')))
  })

  afterEach(() => rm(folder.path, { recursive: true }))

  const open = (count = 20, digest = DIGEST): Promise<Journal> =>
    Journal.open(folder, digest, count, silentLogger)
  const path = (): string => join(folder.journal, DIGEST)

  async function write(...indexes: number[]): Promise<void> {
    const journal = await open()
    for (const index of indexes) journal.record(index)
    await journal.close()
  }

  async function read(count = 20): Promise<{ here: number[]; mustVerify: boolean }> {
    const journal = await open(count)
    const here = Array.from({ length: count }, (_, index) => index).filter(index => journal.has(index))
    await journal.close()
    return { here, mustVerify: journal.mustVerify }
  }

  it('begins empty', async () => {
    assert.deepEqual(await read(), { here: [], mustVerify: false })
  })

  it('remembers what was recorded, over restarts', async () => {
    await write(0, 7, 8, 19)
    await write(7, 3)
    assert.deepEqual(await read(), { here: [0, 3, 7, 8, 19], mustVerify: false })
  })

  it('gives a bitfield, most significant bit first', async () => {
    await write(0, 9)
    const journal = await open()
    assert.deepEqual([...journal.have], [0x80, 0x40, 0])
    journal.have.fill(0)
    assert.ok(journal.has(0))
    await journal.close()
  })

  it('keeps what came before a record that was cut short', async () => {
    await write(1, 2, 3)
    await truncate(path(), (await readFile(path())).length - 3)
    assert.deepEqual(await read(), { here: [1, 2], mustVerify: false })
    await write(5)
    assert.deepEqual(await read(), { here: [1, 2, 5], mustVerify: false })
  })

  it('trusts nothing of a journal that is damaged', async () => {
    const damages: (() => Promise<void>)[] = [
      () => writeFile(path(), ''),
      () => truncate(path(), 5),
      () => appendFile(path(), Buffer.alloc(8)),
      async () => {
        const bytes = await readFile(path())
        bytes[15] = (bytes[15] ?? 0) ^ 1
        await writeFile(path(), bytes)
      }
    ]
    for (const damage of damages) {
      await write(1, 2, 3)
      await damage()
      assert.deepEqual(await read(), { here: [], mustVerify: true })
    }
  })

  it('trusts no journal of another video or of another number of chunks', async () => {
    await write(1)
    assert.deepEqual(await read(21), { here: [], mustVerify: true })
    await write(1)
    const other = 'ef'.repeat(32)
    await writeFile(join(folder.journal, other), await readFile(path()))
    const journal = await open(20, other)
    assert.equal(journal.mustVerify, true)
    await journal.close()
  })

  it('takes what a new verification found', async () => {
    await write(1, 2, 3)
    const journal = await open()
    await journal.reset(Uint8Array.of(0x20, 0, 0xf0))
    journal.record(4)
    await journal.close()
    assert.deepEqual(await read(), { here: [2, 4, 16, 17, 18, 19], mustVerify: false })
  })

  it('is gone after it was deleted', async () => {
    const journal = await open()
    journal.record(1)
    await journal.delete()
    assert.deepEqual(await readdir(folder.journal), [])
  })

  it('refuses a chunk that does not exist', async () => {
    const journal = await open()
    for (const index of [-1, 20, 1.5]) assert.throws(() => journal.record(index), RangeError)
    await journal.close()
  })

  it('takes all chunks of the largest video in one burst', async () => {
    const count = 32_768
    const journal = await open(count)
    for (let index = 0; index < count; index++) journal.record(index)
    await journal.close()
    assert.equal((await read(count)).here.length, count)
  })

  it('appends the records of an instant together', async () => {
    const clock = new VirtualClock()
    const journal = await Journal.open(folder, DIGEST, 20, silentLogger, clock)
    const begun = (await readFile(path())).length
    journal.record(1)
    await clock.advance(24)
    journal.record(2)
    assert.equal((await readFile(path())).length, begun)
    await clock.advance(1)
    await journal.flush()
    assert.deepEqual((await read()).here, [1, 2])
    await journal.close()
  })

  it('loses nothing but the last instant to kill -9', async function () {
    this.timeout(20_000)
    // The child records one chunk a millisecond at most, and what it recorded is on its way after 25.
    const lost = 60
    for (const enough of [5, 150, 400]) {
      const child = fork(join(import.meta.dirname, 'journal-writer.ts'), [folder.path, DIGEST, '5000'])
      let told = -1
      while (told < enough) told = (await once(child, 'message'))[0]
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
      const { here, mustVerify } = await read(5000)
      assert.equal(mustVerify, false)
      assert.ok(here.length >= told - lost, `told ${told}, kept ${here.length}`)
      assert.deepEqual(
        here,
        here.map((_, position) => position)
      )
      await rm(path())
    }
  })
})
