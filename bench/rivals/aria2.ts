import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MIB } from '../harness/scratch.ts'
import type { Seeder, TransferSystem } from '../harness/transfer-system.ts'
import { roleSystem } from './role-system.ts'
import { writeTorrent } from './torrent-file.ts'
import { Tracker } from './tracker.ts'

const PROGRAM = join(import.meta.dirname, 'aria2-process.ts')

/** aria2 over plain TCP, with a tracker on loopback: it cannot be told of a peer otherwise. */
export const aria2: TransferSystem = {
  name: 'aria2',
  missing: aria2Missing,
  seed: async (file, options) => {
    const tracker = await Tracker.start()
    const system = roleSystem({
      name: 'aria2',
      command: async () => [process.execPath, PROGRAM],
      seedTask: async (_file, { folder, uploadLimit = 0 }) => {
        const torrent = await writeTorrent(file, { folder, pieceBytes: MIB, announce: tracker.url })
        return { torrent, folder: file.folder, uploadLimit }
      },
      fetchTask: async (_file, { torrent }) => ({ torrent })
    })
    try {
      const seeder = await system.seed(file, options)
      // Who asks the tracker too early hears of nobody, and asks again only minutes later.
      await tracker.seeded()
      return withTracker(seeder, tracker)
    } catch (error) {
      tracker.close()
      throw error
    }
  }
}

function withTracker(seeder: Seeder, tracker: Tracker): Seeder {
  return {
    pid: seeder.pid,
    address: seeder.address,
    fetcher: folder => seeder.fetcher(folder),
    sentBytes: () => seeder.sentBytes(),
    stop: async () => {
      await seeder.stop()
      tracker.close()
    }
  }
}

async function aria2Missing(): Promise<string | undefined> {
  return await promisify(execFile)('aria2c', ['--version']).then(
    () => undefined,
    () => 'aria2 is not installed (on Debian and Ubuntu: apt-get install aria2)'
  )
}
