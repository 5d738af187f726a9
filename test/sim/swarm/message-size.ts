import { LENGTH_PREFIX_BYTES, type Message } from '../../../src/peer/wire/frame-codec.ts'

/** Bytes of a message on the wire, as `encodeFrame` makes them, without making them. */
export function frameBytes(message: Message): number {
  return LENGTH_PREFIX_BYTES + sizeOf(message)
}

function sizeOf(value: unknown): number {
  if (typeof value === 'number') return headBytes(value)
  if (typeof value === 'boolean') return 1
  if (typeof value === 'string') return headBytes(value.length) + value.length
  if (value instanceof Uint8Array) return headBytes(value.length) + value.length
  if (Array.isArray(value)) return headBytes(value.length) + sum(value)
  if (typeof value === 'object' && value !== null) return sizeOfMap(value)
  throw new TypeError(`A message of the simulation holds a ${typeof value}.`)
}

function sizeOfMap(map: object): number {
  let bytes = 0
  let entries = 0
  for (const [key, value] of Object.entries(map)) {
    bytes += sizeOf(key) + sizeOf(value)
    entries++
  }
  return headBytes(entries) + bytes
}

function sum(values: readonly unknown[]): number {
  let bytes = 0
  for (const value of values) bytes += sizeOf(value)
  return bytes
}

/** Of a natural number, or of a length: RFC 8949, section 3. */
function headBytes(value: number): number {
  if (value < 24) return 1
  if (value < 2 ** 8) return 2
  if (value < 2 ** 16) return 3
  return value < 2 ** 32 ? 5 : 9
}
