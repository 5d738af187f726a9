import { Uint8ArrayList } from 'uint8arraylist'
import * as v from 'valibot'
import { PeerError } from '../errors.ts'
import type { FrameChannel } from './frame-channel.ts'

/** Schema of a byte string of exactly `length` bytes. */
export function bytesOf(length: number): v.CustomSchema<Uint8Array, undefined> {
  return v.custom<Uint8Array>(value => value instanceof Uint8Array && value.length === length)
}

/** Schema of a byte string of at most `max` bytes. */
export function bytesUpTo(max: number): v.CustomSchema<Uint8Array, undefined> {
  return v.custom<Uint8Array>(value => value instanceof Uint8Array && value.length <= max)
}

/** Schema of a byte string of at most `max` bytes that may have stayed in pieces: see `decodeFramePieces`. */
export function piecesUpTo(max: number): v.CustomSchema<Uint8Array | Uint8ArrayList, undefined> {
  return v.custom<Uint8Array | Uint8ArrayList>(
    value => (value instanceof Uint8Array || value instanceof Uint8ArrayList) && value.byteLength <= max
  )
}

/** Schema of a whole number from `min` to `max`. */
export function integer(min = 0, max = Number.MAX_SAFE_INTEGER) {
  return v.pipe(v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max))
}

/** Schema of text of at most `max` UTF-16 units. */
export function textUpTo(max: number) {
  return v.pipe(v.string(), v.maxLength(max))
}

/** Schema of a list of at most `max` items. */
export function listUpTo<Item extends v.GenericSchema>(item: Item, max: number) {
  return v.pipe(v.array(item), v.maxLength(max))
}

/**
 * Checks a message against its schema.
 * @throws PeerError FRAME_INVALID
 */
export function parseMessage<Schema extends v.GenericSchema>(
  schema: Schema,
  message: unknown
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, message)
  if (result.success) return result.output
  const path = v.getDotPath(result.issues[0]) ?? 'message'
  throw new PeerError('FRAME_INVALID', `A peer sent a message that does not fit the protocol (${path}).`)
}

/**
 * Receives one message that must come and must fit.
 * @throws PeerError FRAME_TRUNCATED when the other side ended instead, FRAME_INVALID when it does not fit
 */
export async function receiveAs<Schema extends v.GenericSchema>(
  channel: FrameChannel,
  schema: Schema,
  signal: AbortSignal
): Promise<v.InferOutput<Schema>> {
  const message = await channel.receive(signal)
  if (!message) throw new PeerError('FRAME_TRUNCATED', 'A peer ended the conversation early. Try again.')
  return parseMessage(schema, message)
}
