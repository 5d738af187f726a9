/** What a request asks for: everything, half-open bytes `start` to `end`, or nothing that exists. */
export type RequestedRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' }

/** Longest header that is looked at. */
const MAX_LENGTH = 200

const BYTES = /^bytes[ \t]*=/i
const SINGLE_RANGE = /^bytes[ \t]*=[ \t]*(\d{0,15})[ \t]*-[ \t]*(\d{0,15})[ \t]*$/i

/**
 * Reads a `Range` header for a representation of `byteLength` bytes (RFC 9110, section 14). Several ranges and other units are ignored,
 * as the RFC allows: then the whole is asked for. What is malformed asks for nothing: whoever sends it would not expect the whole.
 */
export function parseRange(header: string | undefined, byteLength: number): RequestedRange {
  const match = header !== undefined && header.length <= MAX_LENGTH ? SINGLE_RANGE.exec(header) : null
  if (!match) return isMalformed(header) ? { kind: 'unsatisfiable' } : { kind: 'whole' }
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? { kind: 'unsatisfiable' } : suffix(Number(last), byteLength)
  if (last !== '' && Number(last) < Number(first)) return { kind: 'unsatisfiable' }
  return part(Number(first), last === '' ? byteLength : Number(last) + 1, byteLength)
}

function isMalformed(header: string | undefined): boolean {
  return header !== undefined && BYTES.test(header) && !header.includes(',')
}

function suffix(length: number, byteLength: number): RequestedRange {
  if (length === 0) return { kind: 'unsatisfiable' }
  return part(Math.max(0, byteLength - length), byteLength, byteLength)
}

function part(start: number, end: number, byteLength: number): RequestedRange {
  if (start >= byteLength) return { kind: 'unsatisfiable' }
  return { kind: 'part', start, end: Math.min(end, byteLength) }
}
