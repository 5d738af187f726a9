import { join } from 'node:path'
import { cached, npmInstall } from '../../test/harness/cache.ts'
import { MIB } from '../harness/scratch.ts'
import type { TransferSystem } from '../harness/transfer-system.ts'
import { roleSystem } from './role-system.ts'
import { writeTorrent } from './torrent-file.ts'

const VERSION = '3.0.21'
export const WEBTORRENT_PROGRAM = join(import.meta.dirname, 'webtorrent-process.ts')

export interface WebTorrentOptions {
  name: string
  pieceBytes?: number
}

/** WebTorrent over plain TCP. It is no dependency of this project: npm puts it into the user's cache. */
export function webtorrentSystem({ name, pieceBytes = MIB }: WebTorrentOptions): TransferSystem {
  return roleSystem({
    name,
    missing: webtorrentMissing,
    command: async () => [process.execPath, WEBTORRENT_PROGRAM],
    seedTask: async (file, { folder, uploadLimit }) => ({
      package: await installedWebTorrent(),
      torrent: await writeTorrent(file, { folder, pieceBytes }),
      folder: file.folder,
      uploadLimit
    }),
    fetchTask: async (_file, { torrent }) => ({ package: await installedWebTorrent(), torrent })
  })
}

export const webtorrent = webtorrentSystem({ name: 'WebTorrent' })

export async function webtorrentMissing(): Promise<string | undefined> {
  return await installedWebTorrent().then(
    () => undefined,
    (error: unknown) =>
      `WebTorrent ${VERSION} could not be installed by npm (${String(error).split('\n')[0]})`
  )
}

/** The folder of the package. */
export async function installedWebTorrent(): Promise<string> {
  const folder = await cached(`webtorrent-${VERSION}`, draft => npmInstall(draft, [`webtorrent@${VERSION}`]))
  return join(folder, 'node_modules/webtorrent')
}
