import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PeerError, systemErrorCode } from '../errors.ts'

/** What the name of a file that is still being written ends with; `openDataFolder` sweeps such files after a crash. */
export const TEMPORARY_SUFFIX = '.writing'

export interface AtomicWriteOptions {
  /** Permission bits of the file; default 0600. */
  mode?: number
  /** Whether the bytes survive a power cut once this resolves; default true. */
  durable?: boolean
}

/**
 * Replaces a file in one step: after a crash the path holds the old bytes or the new ones, never a mixture. Not
 * write-file-atomic: that one takes a short write (a full disk) for a whole one, and patches the process's signal handlers.
 * @throws PeerError DISK_FULL, FOLDER_UNWRITABLE
 */
export async function writeFileAtomically(
  path: string,
  bytes: Uint8Array,
  { mode = 0o600, durable = true }: AtomicWriteOptions = {}
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`
  try {
    await writeNewFile(temporary, bytes, mode, durable)
    await rename(temporary, path)
    if (durable) await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw storageError(error, path)
  }
}

/** The file's bytes, or undefined if there is no such file. */
export async function readFileIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw storageError(error, path)
  }
}

/** What the operating system said about a file of the data folder, as a sentence with the next step. */
export function storageError(error: unknown, path: string): PeerError {
  if (error instanceof PeerError) return error
  const code = systemErrorCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new PeerError('DISK_FULL', `The disk is full. Free some space and try again: ${path}`, {
      cause: error
    })
  }
  return new PeerError(
    'FOLDER_UNWRITABLE',
    `${path} cannot be used (${code ?? String(error)}). Check the permissions of the folder, or choose another one.`,
    { cause: error }
  )
}

async function writeNewFile(path: string, bytes: Uint8Array, mode: number, durable: boolean): Promise<void> {
  const handle = await open(path, 'wx', mode)
  try {
    await handle.writeFile(bytes)
    if (durable) await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder for syncing; NTFS journals the rename itself.
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
