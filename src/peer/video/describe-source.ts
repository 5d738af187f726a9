import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { FileInspection } from '../api.ts'
import { packCaptions } from '../content/captions/packed-captions.ts'
import { safeFileName } from '../content/file-name.ts'
import type { Metadata } from '../content/metadata.ts'
import { SNIFF_LENGTH, sniffMimeType } from '../content/mime-type.ts'
import { posterType } from '../content/poster.ts'
import { identifyFile } from '../content/source-file.ts'
import { findCaptions } from '../inspection/find-captions.ts'
import { inspectFile } from '../inspection/inspect-file.ts'
import { originalPath } from '../inspection/original-path.ts'
import type { Logger } from '../log.ts'

export interface DescribeSourceOptions {
  /** As base64. */
  poster?: string | undefined
  log: Logger
  signal: AbortSignal
}

/**
 * What the metadata of a share will tell of a file: all that can be found out. What cannot is left out and told in the log: only a
 * file that cannot be read at all keeps anybody from sharing it.
 * @throws PeerError FILE_MISSING, FILE_NOT_REGULAR, FILE_UNREADABLE
 */
export async function describeSource(
  path: string,
  { poster, log, signal }: DescribeSourceOptions
): Promise<Omit<Metadata, 'sha256'>> {
  const mimeType = await sniffMimeType(await readHead(path))
  const { facts, cover } = await inspectFile(path, mimeType, { log, signal })
  return {
    name: safeFileName(basename(originalPath(path))),
    mimeType,
    ...facts,
    ...(/^(?:video|audio)\//.test(mimeType) ? await captionsBeside(originalPath(path), log) : {}),
    ...(cover ? { poster: cover } : {}),
    ...posterOf(poster, log)
  }
}

/**
 * What the headers of a file tell, without sharing it.
 * @throws PeerError FILE_MISSING, FILE_NOT_REGULAR, FILE_UNREADABLE
 */
export async function inspectSource(
  path: string,
  options: Omit<DescribeSourceOptions, 'poster'>
): Promise<FileInspection> {
  const mimeType = await sniffMimeType(await readHead(path))
  return { mimeType, ...(await inspectFile(path, mimeType, options)).facts }
}

async function captionsBeside(path: string, log: Logger): Promise<Pick<Metadata, 'captions'>> {
  const { packed, leftOut } = await packCaptions(await findCaptions(path, log))
  for (const { label } of leftOut)
    log.warn(`the captions "${label}" are left out: all together are too large`)
  return packed.length > 0 ? { captions: packed } : {}
}

function posterOf(base64: string | undefined, log: Logger): Pick<Metadata, 'poster'> {
  if (base64 === undefined) return {}
  const poster = Buffer.from(base64, 'base64')
  if (posterType(poster)) return { poster }
  log.warn('the poster is left out: it is no JPEG, PNG or WebP of at most 64 KiB')
  return {}
}

async function readHead(path: string): Promise<Uint8Array> {
  await identifyFile(path)
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFF_LENGTH), 0, SNIFF_LENGTH, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
