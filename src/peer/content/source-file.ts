import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { PeerError, systemErrorCode } from '../errors.ts'

/** What must stay the same while a share lives, or its chunks would be encrypted from another plaintext. */
export interface FileIdentity {
  /** Bytes. */
  size: number
  mtimeMs: number
  ctimeMs: number
  ino: number
  dev: number
}

/**
 * What the file at `path` is now; symbolic links are followed.
 * @throws PeerError FILE_MISSING, FILE_NOT_REGULAR, FILE_UNREADABLE
 */
export async function identifyFile(path: string): Promise<FileIdentity> {
  return regularIdentity(await stat(path).catch(rethrow))
}

/** Whether nothing that matters has changed. */
export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return (
    a.size === b.size &&
    a.mtimeMs === b.mtimeMs &&
    a.ctimeMs === b.ctimeMs &&
    a.ino === b.ino &&
    a.dev === b.dev
  )
}

/** A file opened for reading, and what it was at that moment. */
export interface OpenSourceFile {
  readonly handle: FileHandle
  readonly identity: FileIdentity
}

/**
 * Opens a regular file. The caller closes `handle`.
 * @throws PeerError FILE_MISSING, FILE_NOT_REGULAR, FILE_UNREADABLE
 */
export async function openSourceFile(path: string): Promise<OpenSourceFile> {
  await identifyFile(path)
  // Should a pipe have taken the file's place meanwhile, opening it must not wait for a writer.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(rethrow)
  try {
    return { handle, identity: regularIdentity(await handle.stat()) }
  } catch (error) {
    await handle.close()
    throw toFileError(error)
  }
}

/**
 * Fills `target` from `position` on.
 * @throws PeerError FILE_CHANGED when the file ends before that, FILE_UNREADABLE
 */
export async function readFully(handle: FileHandle, target: Uint8Array, position: number): Promise<void> {
  let filled = 0
  while (filled < target.length) {
    const { bytesRead } = await handle
      .read(target, filled, target.length - filled, position + filled)
      .catch(rethrow)
    if (bytesRead === 0) throw fileChanged()
    filled += bytesRead
  }
}

/**
 * Checks that the open file, and the file that now has its name, are still what was opened.
 * @throws PeerError FILE_CHANGED
 */
export async function requireUnchanged(path: string, { handle, identity }: OpenSourceFile): Promise<void> {
  const [opened, named] = await Promise.all([handle.stat(), stat(path)]).catch(cause => {
    throw fileChanged(cause)
  })
  if (!isSameFile(opened, identity) || !isSameFile(named, identity)) throw fileChanged()
}

function regularIdentity(stats: Stats): FileIdentity {
  if (!stats.isFile()) {
    throw new PeerError(
      'FILE_NOT_REGULAR',
      'That is not a file. Choose a video file, not a folder or a device.'
    )
  }
  const { size, mtimeMs, ctimeMs, ino, dev } = stats
  return { size, mtimeMs, ctimeMs, ino, dev }
}

function rethrow(error: unknown): never {
  throw toFileError(error)
}

function toFileError(error: unknown): PeerError {
  if (error instanceof PeerError) return error
  const code = systemErrorCode(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new PeerError('FILE_MISSING', 'There is no file at that path. Check the name, or save it first.', {
      cause: error
    })
  }
  const reason = code ?? 'unknown reason'
  return new PeerError('FILE_UNREADABLE', `The file cannot be read (${reason}). Check its permissions.`, {
    cause: error
  })
}

function fileChanged(cause?: unknown): PeerError {
  return new PeerError(
    'FILE_CHANGED',
    'The file changed while it was read. Share it again once it is complete.',
    {
      cause
    }
  )
}

/**
 * Writes all of `bytes` at `offset`, or at the end of a file that is open for appending; a short write, as before a full disk, is carried on.
 * @throws PeerError DISK_FULL; what the file system throws
 */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, offset?: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const position = offset === undefined ? null : offset + done
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position)
    if (bytesWritten === 0)
      throw new PeerError('DISK_FULL', 'The disk is full. Free some space, then resume the download.')
    done += bytesWritten
  }
}
