import type { ByteSpan } from '../content/media-facts.ts'
import type { BoundedFile } from './bounded-file.ts'

/** A box of ISO 14496-12 at the top level of a file. */
export interface Box extends ByteSpan {
  type: string
  /** Where its content begins. */
  contentStart: number
}

/** A fragmented file has two boxes for each second or so; what is looked for comes long before so many. */
const MAX_BOXES = 4096

/** The boxes at the top level of a file, in their order, until something in it is no box. */
export async function* topLevelBoxes(file: Pick<BoundedFile, 'read' | 'size'>): AsyncGenerator<Box> {
  let start = 0
  for (let count = 0; count < MAX_BOXES && start + 8 <= file.size; count++) {
    const box = readBox(await file.read(start, start + 16), start, file.size)
    if (!box) return
    yield box
    start = box.end
  }
}

/** The box whose first 16 bytes, or fewer at the end of a file, are `head`; undefined for what is none. */
export function readBox(head: Uint8Array, start: number, limit: number): Box | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  if (head.length < 8) return undefined
  const short = view.getUint32(0)
  const isLong = short === 1
  if (isLong && head.length < 16) return undefined
  const size = isLong ? Number(view.getBigUint64(8)) : short === 0 ? limit - start : short
  const headLength = isLong ? 16 : 8
  if (size < headLength || start + size > limit) return undefined
  const type = Buffer.from(head.subarray(4, 8)).toString('latin1')
  return { type, start, end: start + size, contentStart: start + headLength }
}

/** Where the index of an MP4 lies, and whether the media come before it. */
export async function locateIndex(
  file: Pick<BoundedFile, 'read' | 'size'>
): Promise<{ indexRange: ByteSpan; indexAtEnd: boolean } | undefined> {
  let hasMedia = false
  for await (const { type, start, end } of topLevelBoxes(file)) {
    if (type === 'mdat') hasMedia = true
    if (type === 'moov') return { indexRange: { start, end }, indexAtEnd: hasMedia }
  }
  return undefined
}
