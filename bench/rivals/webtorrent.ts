import { join } from 'node:path'
import { cached, npmInstall } from '../../test/harness/cache.ts'
import { MIB } from '../harness/scratch.ts'
import { STREAM_PIECE } from '../harness/stream-system.ts'
import { type RoleSystem, roleStreamSystem, roleSystem } from './role-system.ts'
import { writeTorrent } from './torrent-file.ts'

const VERSION = '3.0.21'
const PROGRAM = join(import.meta.dirname, 'webtorrent-process.ts')

/** WebTorrent over plain TCP. It is no dependency of this project: npm puts it into the user's cache. */
function webtorrentRole(pieceBytes: number): RoleSystem {
  return {
    name: 'WebTorrent',
    missing: webtorrentMissing,
    command: async () => [process.execPath, PROGRAM],
    seedTask: async (file, { folder, uploadLimit }) => ({
      package: await installedWebTorrent(),
      torrent: await writeTorrent(file, { folder, pieceBytes }),
      folder: file.folder,
      uploadLimit
    }),
    fetchTask: async (_file, { torrent }) => ({ package: await installedWebTorrent(), torrent })
  }
}

export const webtorrent = roleSystem(webtorrentRole(MIB))
export const webtorrentStream = roleStreamSystem(webtorrentRole(STREAM_PIECE))

async function webtorrentMissing(): Promise<string | undefined> {
  return await installedWebTorrent().then(
    () => undefined,
    (error: unknown) =>
      `WebTorrent ${VERSION} could not be installed by npm (${String(error).split('\n')[0]})`
  )
}

/** The folder of the package. */
async function installedWebTorrent(): Promise<string> {
  const folder = await cached(`webtorrent-${VERSION}`, draft => npmInstall(draft, [`webtorrent@${VERSION}`]))
  return join(folder, 'node_modules/webtorrent')
}
