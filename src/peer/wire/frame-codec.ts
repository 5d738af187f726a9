import { Encoder } from 'cbor-x/index-no-eval'
import { PeerError } from '../errors.ts'
import { checkCbor } from './cbor-check.ts'

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
