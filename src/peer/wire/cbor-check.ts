import { PeerError } from '../errors.ts'

/** What a peer's message may cost us before it is decoded. */
export interface CborLimits {
  /** Nesting of arrays and maps; the outermost map counts as 1. */
  maxDepth: number
  /** Data items in all, keys included. */
  maxItems: number
}

const textDecoder = new TextDecoder()

const DEFAULT_LIMITS: CborLimits = { maxDepth: 8, maxItems: 20_000 }

/** What one head announces: `children` items follow it, after `payload` bytes. */
interface Head {
  next: number
  children: number
  payload: number
  isMap: boolean
}

/**
 * Walks CBOR (RFC 8949) without decoding it and without recursion: one definite-length item, no tags, no integers
 * beyond 2^53, text keys only, nothing after it.
 * @throws PeerError FRAME_INVALID
 */
export function checkCbor(bytes: Uint8Array, limits: CborLimits = DEFAULT_LIMITS): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Items still to come at each open level; a map's are counted twice over, keys at even remainders.
  const open: { left: number; isMap: boolean }[] = []
  let offset = 0
  let items = 0
  do {
    const level = open.at(-1)
    if (level?.isMap && level.left % 2 === 0) requireTextKey(view, offset)
    if (level) level.left--
    if (++items > limits.maxItems) throw invalid('too many items')
    const head = readHead(view, offset)
    offset = head.next + head.payload
    if (offset > view.byteLength || head.children > view.byteLength - offset) throw invalid('cut short')
    if (head.children > 0) open.push({ left: head.children, isMap: head.isMap })
    if (open.length > limits.maxDepth) throw invalid('nested too deeply')
    while (open.at(-1)?.left === 0) open.pop()
  } while (open.length > 0)
  if (offset !== view.byteLength) throw invalid('bytes left over')
}

/** Where the last value of a map lies: a byte string that fills the rest of the body. */
export interface CborTail {
  key: string
  /** Offset of the byte string's head, and of its first byte. */
  start: number
  dataStart: number
}

/**
 * Looks whether a body of `bodyLength` bytes, of which `beginning` is here, is a map of plain values that ends with a byte string, so
 * that only what comes before the string must be decoded. Undefined if it is anything else, or wrong: then `checkCbor` tells.
 */
export function findCborTail(beginning: Uint8Array, bodyLength: number): CborTail | undefined {
  const view = new DataView(beginning.buffer, beginning.byteOffset, beginning.byteLength)
  if (view.byteLength === 0 || view.getUint8(0) >> 5 !== 5) return undefined
  try {
    const map = readHead(view, 0)
    let offset = map.next
    for (let left = map.children / 2; left > 0; left--) {
      const keyStart = offset
      requireTextKey(view, keyStart)
      const keyHead = readHead(view, keyStart)
      const start = keyHead.next + keyHead.payload
      const value = readHead(view, start)
      if (value.children > 0) return undefined
      offset = value.next + value.payload
      if (offset !== bodyLength) continue
      const isTail = left === 1 && view.getUint8(start) >> 5 === 2
      return isTail
        ? { key: textDecoder.decode(beginning.subarray(keyHead.next, start)), start, dataStart: value.next }
        : undefined
    }
    return undefined
  } catch {
    return undefined
  }
}

function readHead(view: DataView, offset: number): Head {
  if (offset >= view.byteLength) throw invalid('cut short')
  const initial = view.getUint8(offset)
  const major = initial >> 5
  const info = initial & 0x1f
  if (info > 27) throw invalid('indefinite length')
  const width = info < 24 ? 0 : 1 << (info - 24)
  const next = offset + 1 + width
  if (next > view.byteLength) throw invalid('cut short')
  if (major === 7) return simpleHead(info, next)
  const argument = readArgument(view, offset + 1, info)
  if (argument > Number.MAX_SAFE_INTEGER) throw invalid('number too large')
  switch (major) {
    case 2:
    case 3:
      return { next, children: 0, payload: argument, isMap: false }
    case 4:
      return { next, children: argument, payload: 0, isMap: false }
    case 5:
      return { next, children: argument * 2, payload: 0, isMap: true }
    case 6:
      throw invalid('tag')
    default:
      return { next, children: 0, payload: 0, isMap: false }
  }
}

function readArgument(view: DataView, offset: number, info: number): number {
  if (info < 24) return info
  if (info === 24) return view.getUint8(offset)
  if (info === 25) return view.getUint16(offset)
  if (info === 26) return view.getUint32(offset)
  return view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4)
}

function simpleHead(info: number, next: number): Head {
  const isSimple = info >= 20 && info <= 23
  const isFloat = info >= 25 && info <= 27
  if (!isSimple && !isFloat) throw invalid('unknown simple value')
  return { next, children: 0, payload: 0, isMap: false }
}

function requireTextKey(view: DataView, offset: number): void {
  if (offset < view.byteLength && view.getUint8(offset) >> 5 !== 3) throw invalid('map key that is not text')
}

function invalid(reason: string): PeerError {
  return new PeerError('FRAME_INVALID', `A peer sent a malformed message (${reason}).`)
}
