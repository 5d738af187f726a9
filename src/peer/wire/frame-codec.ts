import { Encoder } from 'cbor-x/index-no-eval'
import { Uint8ArrayList } from 'uint8arraylist'
import { PeerError } from '../errors.ts'
import { checkCbor, findCborTail } from './cbor-check.ts'

/** One message: a CBOR map with text keys. */
export type Message = Record<string, unknown>

/** Bytes of the length prefix: one unsigned 32-bit integer, big-endian. */
export const LENGTH_PREFIX_BYTES = 4

// The no-eval build: no native code and no generated functions, so that one bundle runs everywhere.
const cbor = new Encoder({
  useRecords: false,
  structuredClone: false,
  tagUint8Array: false,
  mapsAsObjects: true,
  variableMapSize: true
})

/** Encodes a message with its length prefix. Byte strings are `Uint8Array`; nothing else than plain data is allowed. */
export function encodeFrame(message: Message): Uint8Array {
  const body = cbor.encode(message)
  const frame = new Uint8Array(LENGTH_PREFIX_BYTES + body.length)
  new DataView(frame.buffer).setUint32(0, body.length)
  frame.set(body, LENGTH_PREFIX_BYTES)
  return frame
}

/** Byte strings from this length on travel without being copied. */
const DETACHED_BYTES = 4096
/** Most entries that the one-byte head of a CBOR map can tell. */
const MAX_SHORT_MAP = 23
const CBOR_MAP = 0xa0
const CBOR_BYTES_LENGTH_32 = 0x5a

/**
 * Encodes a message as `encodeFrame` does, in pieces to be sent one after another: a long byte string comes last, and is a
 * view of what was passed in. Whoever sends must not change those bytes until they are out.
 */
export function encodeFramePieces(message: Message): Uint8Array[] {
  for (const key in message) {
    const bytes = message[key]
    if (bytes instanceof Uint8Array && bytes.length >= DETACHED_BYTES) return detached(message, key, bytes)
  }
  return [encodeFrame(message)]
}

function detached(message: Message, key: string, bytes: Uint8Array): Uint8Array[] {
  const { [key]: _, ...rest } = message
  const entries = Object.keys(rest).length
  const encoded = cbor.encode(rest)
  if (entries >= MAX_SHORT_MAP || encoded[0] !== CBOR_MAP + entries) return [encodeFrame(message)]
  const encodedKey = cbor.encode(key)
  const head = Buffer.allocUnsafe(LENGTH_PREFIX_BYTES + encoded.length + encodedKey.length + 5)
  head.writeUInt32BE(head.length - LENGTH_PREFIX_BYTES + bytes.length, 0)
  head.set(encoded, LENGTH_PREFIX_BYTES)
  head.writeUInt8(CBOR_MAP + entries + 1, LENGTH_PREFIX_BYTES)
  head.set(encodedKey, LENGTH_PREFIX_BYTES + encoded.length)
  head.writeUInt8(CBOR_BYTES_LENGTH_32, head.length - 5)
  head.writeUInt32BE(bytes.length, head.length - 4)
  return [head, bytes]
}

/**
 * Decodes the body of a frame (without its prefix). Shape, depth and sizes are checked before CBOR is decoded.
 * Byte strings in the result are views of `body`.
 * @throws PeerError FRAME_INVALID
 */
export function decodeFrameBody(body: Uint8Array): Message {
  checkCbor(body)
  const value: unknown = cbor.decode(body)
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw new PeerError('FRAME_INVALID', 'A peer sent a message that is not a map.')
  }
  return value as Message
}

const CBOR_NO_BYTES = 0x40

/**
 * Decodes a body that lies in pieces, as `decodeFrameBody` does. If `keepsPieces` says so of the message without it, a long byte string at
 * its end stays in the pieces in which it came (a `Uint8ArrayList`, views of `pieces`), which saves copying it.
 * @throws PeerError FRAME_INVALID
 */
export function decodeFramePieces(
  pieces: readonly Uint8Array[],
  keepsPieces: (message: Message) => boolean
): Message {
  const [first] = pieces
  if (!first) return decodeFrameBody(new Uint8Array())
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const tail = length >= DETACHED_BYTES ? findCborTail(first, length) : undefined
  if (tail && tail.dataStart <= first.length) {
    const head = Buffer.allocUnsafe(tail.start + 1)
    head.set(first.subarray(0, tail.start))
    head.writeUInt8(CBOR_NO_BYTES, tail.start)
    const message = decodeFrameBody(head)
    if (keepsPieces(message)) {
      message[tail.key] = new Uint8ArrayList(first.subarray(tail.dataStart), ...pieces.slice(1))
      return message
    }
  }
  return decodeFrameBody(pieces.length === 1 ? first : gathered(pieces, length))
}

function gathered(pieces: readonly Uint8Array[], length: number): Uint8Array {
  // Every byte of it is overwritten below.
  const whole = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
  let filled = 0
  for (const piece of pieces) {
    whole.set(piece, filled)
    filled += piece.length
  }
  return whole
}
