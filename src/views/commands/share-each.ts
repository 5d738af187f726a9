import { basename } from 'node:path'
import type { VideoSnapshot } from '../../peer/api.ts'
import { PeerError, toPeerError } from '../../peer/errors.ts'

/** A file that could not be shared. With several files the sentence begins with the file's name. */
export interface ShareFailure {
  path: string
  error: PeerError
}

/** Shares files one after the other. One that fails keeps no other from being shared; cancelling one ends the rest. */
export async function shareEach(
  paths: readonly string[],
  shareOne: (path: string) => Promise<VideoSnapshot>
): Promise<{ shared: VideoSnapshot[]; failures: ShareFailure[] }> {
  const shared: VideoSnapshot[] = []
  const failures: ShareFailure[] = []
  for (const path of paths) {
    try {
      shared.push(await shareOne(path))
    } catch (cause) {
      const error = toPeerError(cause)
      if (error.code === 'ABORTED') break
      failures.push({ path, error: paths.length > 1 ? named(error, path) : error })
    }
  }
  return { shared, failures }
}

function named(error: PeerError, path: string): PeerError {
  return new PeerError(error.code, `${basename(path)}: ${error.message}`, { cause: error })
}
