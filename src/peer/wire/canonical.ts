import * as dagCbor from '@ipld/dag-cbor'
import { PeerError } from '../errors.ts'

/**
 * Encodes a value that will be hashed or signed: dag-cbor, which has one encoding for each value.
 * Maps with text keys, arrays, text, `Uint8Array`, whole numbers, booleans and null only.
 */
export function encodeCanonical(value: unknown): Uint8Array {
  return dagCbor.encode(value)
}

/**
 * Decodes what was hashed or signed, and refuses anything that does not encode to the same bytes again.
 * @throws PeerError FRAME_TOO_LARGE, FRAME_INVALID, or UPGRADE_NEEDED when its `critical` list is not empty: this version
 * knows no critical extension
 */
export function decodeCanonical(bytes: Uint8Array, options: { maxBytes: number }): unknown {
  if (bytes.length > options.maxBytes) {
    throw new PeerError('FRAME_TOO_LARGE', `A signed object of ${bytes.length} bytes is over the limit.`)
  }
  const value = decodeStrictly(bytes)
  refuseUnknownCritical(value)
  return value
}

function decodeStrictly(bytes: Uint8Array): unknown {
  try {
    const value: unknown = dagCbor.decode(bytes)
    if (Buffer.compare(dagCbor.encode(value), bytes) === 0) return value
  } catch (cause) {
    throw new PeerError('FRAME_INVALID', 'A signed object is malformed. Ask for it again.', { cause })
  }
  throw new PeerError('FRAME_INVALID', 'A signed object is not in its canonical form. Ask for it again.')
}

function refuseUnknownCritical(value: unknown): void {
  if (typeof value !== 'object' || value === null || !('critical' in value)) return
  const critical = value.critical
  if (Array.isArray(critical) && critical.length === 0) return
  throw new PeerError(
    'UPGRADE_NEEDED',
    'This was made by a newer Chordcast. Update the extension to read it.'
  )
}
