import { openDataFolder } from '../../../src/peer/library/data-folder.ts'
import { Journal } from '../../../src/peer/library/journal.ts'
import { silentLogger } from '../../../src/peer/log.ts'

// A child process: records chunk after chunk and tells its parent each one, until it is killed.
const [path = '', digest = '', count = '0'] = process.argv.slice(2)
const journal = await Journal.open(await openDataFolder(path), digest, Number(count), silentLogger)
for (let index = 0; index < Number(count); index++) {
  journal.record(index)
  await new Promise(resolve => setTimeout(resolve, 1))
  process.send?.(index)
}
