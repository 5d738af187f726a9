import fc from 'fast-check'
import { PeerError } from '../../src/peer/errors.ts'

/** What a decoder made of it: its result, or the `PeerError` it threw. Anything else thrown fails the test. */
export async function expectOnlyPeerErrors<T>(decode: () => Promise<T>): Promise<T | PeerError> {
  try {
    return await decode()
  } catch (error) {
    if (error instanceof PeerError && error.code !== 'INTERNAL') return error
    throw error
  }
}

/** `bytes` with bytes changed, cut out or put in; never the same as before. */
export function corrupted(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat(bytes.length - 1)
  const changed = fc.tuple(at, fc.integer({ min: 1, max: 255 })).map(([index, mask]) => {
    const copy = Uint8Array.from(bytes)
    copy[index] = (copy[index] ?? 0) ^ mask
    return copy
  })
  const cut = fc
    .tuple(at, fc.integer({ min: 1, max: 40 }))
    .map(([index, length]) => Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + length)]))
  const extended = fc
    .tuple(at, fc.uint8Array({ minLength: 1, maxLength: 40 }))
    .map(([index, added]) => Buffer.concat([bytes.subarray(0, index), added, bytes.subarray(index)]))
  return fc.oneof(changed, changed, cut, extended)
}

/** Anything that dag-cbor can hold. */
const anything = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ maxLength: 60 }),
  fc.uint8Array({ maxLength: 80 }),
  fc.array(fc.integer(), { maxLength: 5 }),
  fc.dictionary(fc.string({ maxLength: 8 }), fc.integer(), { maxKeys: 4 })
)

/** `fields` with some replaced, some left out and some added. */
export function plainData(fields: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> {
  const names = Object.keys(fields)
  return fc
    .tuple(
      fc.dictionary(fc.constantFrom(...names, 'critical', 'extra'), anything, { maxKeys: 3 }),
      fc.subarray(names, { maxLength: 2 })
    )
    .map(([replaced, omitted]) => {
      const kept = Object.entries(fields).filter(([name]) => !omitted.includes(name))
      return { ...Object.fromEntries(kept), ...replaced }
    })
}
