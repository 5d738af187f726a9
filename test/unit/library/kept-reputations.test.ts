import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DataFolder, openDataFolder } from '../../../src/peer/library/data-folder.ts'
import { KeptReputations } from '../../../src/peer/library/kept-reputations.ts'
import { createLogger, type LogLine } from '../../../src/peer/log.ts'
import { VirtualClock } from '../exchange/virtual-clock.ts'

describe('kept reputations', () => {
  let folder: DataFolder
  let lines: LogLine[]
  const clock = new VirtualClock()

  beforeEach(async () => {
    folder = await openDataFolder(await mkdtemp(join(tmpdir(), 'chordcast-test-')))
    lines = []
  })

  afterEach(() => rm(folder.path, { recursive: true }))

  const load = (): Promise<KeptReputations> =>
    KeptReputations.load(
      folder,
      clock,
      createLogger('library', line => lines.push(line))
    )

  it('outlive a restart', async () => {
    const kept = await load()
    kept.book.of('friend').succeeded()
    await kept.close()
    assert.ok((await load()).book.of('friend').value > 0.6)
  })

  it('are not written when nothing happened', async () => {
    const kept = await load()
    kept.book.of('friend')
    await kept.close()
    assert.deepEqual(await readdir(folder.library), [])
  })

  for (const damage of [
    '',
    '{',
    '{"version":2,"peers":[]}',
    '{"version":1,"peers":[{"peerId":"a","successes":-1}]}'
  ]) {
    it(`begin anew, and say so, when the file holds ${damage || 'nothing'}`, async () => {
      await writeFile(join(folder.library, 'reputations.json'), damage)
      const kept = await load()
      assert.equal(kept.book.of('a').value, 0.5)
      assert.deepEqual(
        lines.map(({ level }) => level),
        ['warn']
      )
      kept.book.of('a').succeeded()
      await kept.close()
      assert.ok((await load()).book.of('a').value > 0.6)
    })
  }
})
