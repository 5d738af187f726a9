import { type Box, readBox } from './mp4-boxes.ts'

const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl'])
/** Boxes that hold offsets which are not moved, or whose content is not seen: with one of them an index cannot be moved. */
const OPAQUE = new Set(['cmov', 'saio', 'mvex'])

/**
 * Moves every chunk offset in a `moov` box, in place (ISO 14496-12, 8.7.5): what `move` makes of it takes its place.
 * @returns whether that could be done; if not, the box is not to be used
 */
export function moveChunkOffsets(moov: Uint8Array, move: (offset: number) => number): boolean {
  const boxes = [...boxesWithin(moov, 0, moov.length)]
  const tables = boxes.filter(({ type }) => type === 'stco' || type === 'co64')
  if (tables.length === 0 || boxes.some(({ type }) => OPAQUE.has(type))) return false
  const view = new DataView(moov.buffer, moov.byteOffset, moov.length)
  return tables.every(table => moveTable(view, table, move))
}

function* boxesWithin(bytes: Uint8Array, from: number, to: number): Generator<Box> {
  for (let start = from; start < to; ) {
    const box = readBox(bytes.subarray(start, Math.min(start + 16, to)), start, to)
    if (!box) return
    yield box
    if (CONTAINERS.has(box.type)) yield* boxesWithin(bytes, box.contentStart, box.end)
    start = box.end
  }
}

function moveTable(
  view: DataView,
  { type, contentStart, end }: Box,
  move: (offset: number) => number
): boolean {
  const width = type === 'co64' ? 8 : 4
  // Version and flags come first, then the number of entries.
  const first = contentStart + 8
  if (first > end) return false
  const count = view.getUint32(contentStart + 4)
  if (first + count * width > end) return false
  for (let at = first; at < first + count * width; at += width) {
    const moved = move(width === 8 ? Number(view.getBigUint64(at)) : view.getUint32(at))
    if (width === 4 && moved > 0xffff_ffff) return false
    if (width === 8) view.setBigUint64(at, BigInt(moved))
    else view.setUint32(at, moved)
  }
  return true
}
