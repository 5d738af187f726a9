import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MAX_POSTER_BYTES, posterType } from '../../peer/content/poster.ts'
import { PeerError, systemErrorCode } from '../../peer/errors.ts'
import type { Session } from '../session.ts'
import { untilInterrupted } from '../session.ts'

export interface ShareCommandOptions {
  new?: boolean
  /** Show the IDs to everybody in the ring. */
  list?: boolean
  /** Path of a picture. */
  poster?: string
  fastStart?: boolean
}

/** Shares files, prints their IDs and links, and stays to serve them. */
export async function runShare(
  session: Session,
  files: string[],
  options: ShareCommandOptions
): Promise<void> {
  const { api, report, signal, borrowed } = session
  const poster = options.poster === undefined ? {} : { poster: await readPoster(options.poster) }
  for (const file of files) {
    const shareOptions = {
      policy: 'open',
      fresh: options.new ?? false,
      fastStart: options.fastStart ?? false,
      ...poster,
      ...(options.list ? { listed: true } : {})
    } as const
    const video = await api.share(resolve(file), shareOptions, signal)
    report.shared(video, await api.link(video.digest))
  }
  if (options.list) report.note('Everybody in the ring is shown the IDs, and can watch.')
  if (borrowed) {
    report.note('The peer that runs in this data folder goes on sharing.')
    return
  }
  report.note('Press Ctrl+C to stop sharing.')
  await untilInterrupted(signal)
}

/**
 * A picture as base64.
 * @throws PeerError FILE_UNREADABLE, NOT_SUPPORTED
 */
async function readPoster(path: string): Promise<string> {
  const bytes = await readHead(resolve(path), MAX_POSTER_BYTES + 1).catch((cause: unknown) => {
    const reason = systemErrorCode(cause) ?? String(cause)
    throw new PeerError('FILE_UNREADABLE', `The poster ${path} cannot be read (${reason}). Check its path.`, {
      cause
    })
  })
  if (posterType(bytes)) return bytes.toString('base64')
  throw new PeerError(
    'NOT_SUPPORTED',
    `${path} cannot be a poster. Use a JPEG, PNG or WebP of at most ${MAX_POSTER_BYTES / 1024} KiB.`
  )
}

async function readHead(path: string, length: number): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
