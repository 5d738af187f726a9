import { PeerError } from '../errors.ts'

const KIB = 1024
const GIB = 1024 ** 3

/** Smallest chunk: what a video of up to 512 MiB is cut into. */
export const MIN_CHUNK_SIZE = 256 * KIB
/** Largest chunk. Above 4 GiB the number of chunks grows instead. */
export const MAX_CHUNK_SIZE = 2048 * KIB
/** Largest video, in bytes. */
export const MAX_BYTE_LENGTH = 64 * GIB
/** Number of chunks that the chunk size is chosen for. */
const TARGET_CHUNK_COUNT = 2048

/** How a video is cut into chunks. All three follow from `byteLength`. */
export interface Geometry {
  /** Plaintext bytes of the whole video. */
  readonly byteLength: number
  /** Plaintext bytes of each chunk but the last, which may be shorter. */
  readonly chunkSize: number
  /** Number of chunks. */
  readonly count: number
}

/** Half-open range of chunk indices: `first` up to and without `end`. */
export interface ChunkRange {
  first: number
  end: number
}

/**
 * Cuts `byteLength` bytes into chunks: 256 KiB each, doubled up to 2 MiB to keep at most 2,048 of them.
 * @throws PeerError FILE_EMPTY, FILE_TOO_LARGE
 */
export function geometryOf(byteLength: number): Geometry {
  if (!(byteLength >= 1)) {
    throw new PeerError('FILE_EMPTY', 'The file is empty. Choose a file that holds a video.')
  }
  if (byteLength > MAX_BYTE_LENGTH) {
    throw new PeerError('FILE_TOO_LARGE', 'The file is larger than 64 GiB. Share it in parts.')
  }
  const chunkSize = chunkSizeFor(byteLength)
  return { byteLength, chunkSize, count: Math.ceil(byteLength / chunkSize) }
}

function chunkSizeFor(byteLength: number): number {
  let size = MIN_CHUNK_SIZE
  while (size < MAX_CHUNK_SIZE && byteLength > size * TARGET_CHUNK_COUNT) size *= 2
  return size
}

/** Where chunk `index` begins in the plaintext. */
export function chunkOffset(geometry: Geometry, index: number): number {
  return index * geometry.chunkSize
}

/** Plaintext bytes of chunk `index`: `chunkSize`, or what is left for the last. */
export function chunkLength(geometry: Geometry, index: number): number {
  return Math.min(geometry.chunkSize, geometry.byteLength - chunkOffset(geometry, index))
}

/** Whether `index` names a chunk of this video. */
export function isChunkIndex(geometry: Geometry, index: number): boolean {
  return Number.isInteger(index) && index >= 0 && index < geometry.count
}

/** Chunks that hold the bytes from `start` up to and without `end`; clipped to the video, empty when nothing is left. */
export function chunksOfBytes(geometry: Geometry, start: number, end: number): ChunkRange {
  const from = Math.max(0, start)
  const to = Math.min(end, geometry.byteLength)
  if (to <= from) return { first: 0, end: 0 }
  return { first: Math.floor(from / geometry.chunkSize), end: Math.ceil(to / geometry.chunkSize) }
}
