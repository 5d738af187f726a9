import { dirname } from 'node:path'
import { PeerError, systemErrorCode } from '../errors.ts'

const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** What the operating system said about a file that is being written, as DISK_FULL or FOLDER_UNWRITABLE with the next step. */
export function fileError(cause: unknown, path: string): PeerError {
  if (cause instanceof PeerError) return cause
  const code = systemErrorCode(cause) ?? 'unknown reason'
  if (FULL.has(code)) {
    return new PeerError('DISK_FULL', 'The disk is full. Free some space, then resume the download.', {
      cause
    })
  }
  if (code === 'ENOENT') {
    const message = `The unfinished file or its folder is gone: ${path}. Fetch the video again, or choose another folder.`
    return new PeerError('FOLDER_UNWRITABLE', message, { cause })
  }
  const message = `Nothing can be saved in ${dirname(path)} (${code}). Check its permissions, or choose another folder.`
  return new PeerError('FOLDER_UNWRITABLE', message, { cause })
}
