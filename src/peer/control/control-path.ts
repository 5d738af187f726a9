import { createHash } from 'node:crypto'
import { mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storageError } from '../library/atomic-file.ts'

// sockaddr_un holds 104 bytes on macOS and 108 on Linux, the closing zero included.
const MAX_SOCKET_PATH_BYTES = 100

/** The named pipe of a data folder on Windows, the same for every way to write the folder's path. */
export async function controlPipeName(dataFolder: string): Promise<string> {
  const resolved = await realpath(dataFolder)
  const name = createHash('sha256').update(resolved.toLowerCase()).digest('hex').slice(0, 32)
  return `\\\\.\\pipe\\chordcast-${name}`
}

/**
 * Calls `use` with a path of the socket `name` in `folder` that fits a socket address. For a longer path that is a detour over a
 * short-lived symbolic link, so that the socket itself lies in the data folder whatever TMPDIR says.
 */
export async function withSocketPath<T>(
  folder: string,
  name: string,
  use: (path: string, detour: boolean) => Promise<T>
): Promise<T> {
  const path = join(folder, name)
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return await use(path, false)
  const temporary = await mkdtemp(join(tmpdir(), 'chordcast-')).catch(error => {
    throw storageError(error, tmpdir())
  })
  try {
    await symlink(folder, join(temporary, 'c'))
    return await use(join(temporary, 'c', name), true)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
