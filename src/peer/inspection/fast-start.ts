import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, parse } from 'node:path'
import type { ByteSpan } from '../content/media-facts.ts'
import { identifyFile, readFully } from '../content/source-file.ts'
import { systemErrorCode } from '../errors.ts'
import { storageError } from '../library/atomic-file.ts'
import { BoundedFile } from './bounded-file.ts'
import { moveChunkOffsets } from './chunk-offsets.ts'
import { type Box, topLevelBoxes } from './mp4-boxes.ts'

const MAX_INDEX_BYTES = 64 * 1024 * 1024
const MAX_READ = MAX_INDEX_BYTES + 1024 * 1024
const BLOCK = 1024 * 1024
/** Names that are tried for a copy before giving up. */
const MAX_NAMES = 100

/** The bytes of a file, taken in another order. */
type Piece = ByteSpan | Uint8Array

/**
 * Makes a copy of an MP4 beside it, `demo.fast-start.mp4`, with the index moved before the media: nothing else changes, nothing is encoded
 * anew. One that was made before of the unchanged file is used again.
 * @returns the copy's path; undefined for a file that has its index at the beginning already, or none that can be moved
 * @throws PeerError FILE_MISSING, FILE_NOT_REGULAR, FILE_UNREADABLE, FOLDER_UNWRITABLE, DISK_FULL; the signal's reason
 */
export async function makeFastStartCopy(path: string, signal: AbortSignal): Promise<string | undefined> {
  await identifyFile(path)
  const pieces = await planCopy(path)
  if (!pieces) return undefined
  try {
    const { copy, isMade } = await chooseName(path)
    if (!isMade) await write(path, copy, pieces, signal)
    return copy
  } catch (error) {
    signal.throwIfAborted()
    throw storageError(error, dirname(path))
  }
}

async function planCopy(path: string): Promise<Piece[] | undefined> {
  const file = await BoundedFile.open(path, MAX_READ)
  try {
    const boxes: Box[] = []
    for await (const box of topLevelBoxes(file)) boxes.push(box)
    const media = boxes.find(({ type }) => type === 'mdat')
    const index = boxes.find(({ type }) => type === 'moov')
    const isFragmented = boxes.some(({ type }) => type === 'moof')
    if (!media || !index || index.start < media.start || isFragmented) return undefined
    // What is no box at the end of a file would be cut off.
    if (boxes.at(-1)?.end !== file.size || index.end - index.start > MAX_INDEX_BYTES) return undefined
    return reorder(await file.read(index.start, index.end), media.start, index, file.size)
  } finally {
    await file.close()
  }
}

function reorder(moov: Uint8Array, mediaStart: number, index: ByteSpan, size: number): Piece[] | undefined {
  const isMoved = (offset: number): boolean => offset >= mediaStart && offset < index.start
  const canMove = moveChunkOffsets(moov, offset => (isMoved(offset) ? offset + moov.length : offset))
  if (!canMove) return undefined
  return [
    { start: 0, end: mediaStart },
    moov,
    { start: mediaStart, end: index.start },
    { start: index.end, end: size }
  ]
}

/** A copy has the size and the time of its source: by that one is known again. */
async function chooseName(path: string): Promise<{ copy: string; isMade: boolean }> {
  const source = await stat(path)
  const { dir, name, ext } = parse(path)
  for (let number = 1; number <= MAX_NAMES; number++) {
    const copy = join(dir, `${name}.fast-start${number === 1 ? '' : `-${number}`}${ext}`)
    const there = await stat(copy).catch(absent)
    if (!there) return { copy, isMade: false }
    const isOfSource = there.size === source.size && Math.abs(there.mtimeMs - source.mtimeMs) < 2
    if (there.isFile() && isOfSource) return { copy, isMade: true }
  }
  throw new Error('too many copies lie there')
}

function absent(error: unknown): undefined {
  if (systemErrorCode(error) !== 'ENOENT') throw error
}

async function write(
  path: string,
  copy: string,
  pieces: readonly Piece[],
  signal: AbortSignal
): Promise<void> {
  const temporary = `${copy}.${randomUUID()}.part`
  const source = await open(path, 'r')
  try {
    const target = await open(temporary, 'wx')
    try {
      for (const piece of pieces) {
        if (piece instanceof Uint8Array) await target.writeFile(piece)
        else await copySpan(source, target, piece, signal)
      }
      const { atime, mtime } = await source.stat()
      await target.sync()
      await target.utimes(atime, mtime)
    } finally {
      await target.close()
    }
    await rename(temporary, copy)
  } finally {
    await source.close()
    await rm(temporary, { force: true })
  }
}

async function copySpan(
  source: FileHandle,
  target: FileHandle,
  { start, end }: ByteSpan,
  signal: AbortSignal
): Promise<void> {
  for (let at = start; at < end; at += BLOCK) {
    signal.throwIfAborted()
    const block = Buffer.allocUnsafe(Math.min(BLOCK, end - at))
    await readFully(source, block, at)
    await target.writeFile(block)
  }
}
