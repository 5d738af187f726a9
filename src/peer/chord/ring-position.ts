import { createHash } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import { RING_BITS } from './constants.ts'

/** A place on the ring: an unsigned 256-bit integer. */
export type RingPosition = bigint

const RING_SIZE = 1n << BigInt(RING_BITS)
const RING_MASK = RING_SIZE - 1n
const TOP_BITS = 32
const BELOW_TOP = BigInt(RING_BITS - TOP_BITS)

/** Every message names the same few peers again and again, and reading a peer id costs more than all else in it. */
const knownPositions = new Map<string, RingPosition>()
const MAX_KNOWN_POSITIONS = 4096
const POSITION_BYTES = RING_BITS / 8

/** Reads 32 big-endian bytes, such as a DHT key. */
export function positionFromBytes(bytes: Uint8Array): RingPosition {
  if (bytes.length !== POSITION_BYTES) throw new RangeError(`A ring position has ${POSITION_BYTES} bytes.`)
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`)
}

/** 32 big-endian bytes. */
export function positionToBytes(position: RingPosition): Uint8Array {
  return new Uint8Array(Buffer.from(positionToHex(position), 'hex'))
}

/** 64 lower-case hex digits. */
export function positionToHex(position: RingPosition): string {
  return position.toString(16).padStart(POSITION_BYTES * 2, '0')
}

/** Where a peer stands: SHA-256 over the multihash bytes of its peer id (text form), so nobody chooses its place freely. */
export function positionOfPeer(peerId: string): RingPosition {
  const known = knownPositions.get(peerId)
  if (known !== undefined) return known
  const multihash = peerIdFromString(peerId).toMultihash().bytes
  const position = positionFromBytes(createHash('sha256').update(multihash).digest())
  if (knownPositions.size >= MAX_KNOWN_POSITIONS) knownPositions.clear()
  knownPositions.set(peerId, position)
  return position
}

/** Clockwise distance, 0 when equal. */
export function distance(from: RingPosition, to: RingPosition): bigint {
  return to >= from ? to - from : to - from + RING_SIZE
}

/** `position` moved clockwise. */
export function advance(position: RingPosition, by: bigint): RingPosition {
  return (position + by) & RING_MASK
}

/** Whether `x` lies strictly between `from` and `to`, clockwise. From a position to itself is the whole ring without it. */
export function isBetween(from: RingPosition, x: RingPosition, to: RingPosition): boolean {
  if (x === from || x === to) return false
  if (from < to) return from < x && x < to
  return from === to || x > from || x < to
}

/** Whether `x` lies in `(from, to]`, clockwise. From a position to itself is the whole ring. */
export function isInRange(from: RingPosition, x: RingPosition, to: RingPosition): boolean {
  return from === to || x === to || isBetween(from, x, to)
}

/** Which finger interval a distance falls into: i for [2^i, 2^(i+1)). The distance must not be 0. */
export function intervalOf(span: bigint): number {
  // Nearly always the top 32 bits tell, which is far quicker than writing the number out.
  const top = Number(span >> BELOW_TOP)
  if (top > 0) return RING_BITS - 1 - Math.clz32(top)
  const hex = span.toString(16)
  return hex.length * 4 - Math.clz32(Number.parseInt(hex.charAt(0), 16)) + 27
}

/** The share of the whole ring that a distance covers, in [0, 1). */
export function shareOfRing(span: bigint): number {
  return Number(span >> BigInt(RING_BITS - 53)) / 2 ** 53
}
