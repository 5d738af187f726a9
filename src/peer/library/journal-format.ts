import { crc32 } from 'node:zlib'
import type { Digest } from '../api.ts'
import { Bitfield } from '../content/bitfield.ts'

const MAGIC = Buffer.from('CCJ1')
const HEADER_BYTES = 12
const RECORD_BYTES = 8

/** What a journal file says. */
export interface DecodedJournal {
  /** The chunks that are here. */
  have: Bitfield
  /** The file cannot be trusted: every chunk has to be verified again. `have` is empty then. */
  damaged: boolean
  /** The file ends in a record that was not written to its end, or repeats itself: write it afresh before appending. */
  untidy: boolean
}

/** A whole journal: header {magic, count, CRC-32 over digest and both}, then a record {index, CRC-32} for each chunk here. */
export function encodeJournal(digest: Digest, have: Bitfield): Uint8Array {
  return Buffer.concat([encodeHeader(digest, have.length), encodeRecords(digest, [...have])])
}

/** Records to append. The check is bound to the digest, so that bytes of another journal are not taken for ours. */
export function encodeRecords(digest: Digest, indexes: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(indexes.length * RECORD_BYTES)
  const seed = crc32(digest)
  for (const [position, index] of indexes.entries()) {
    const offset = position * RECORD_BYTES
    bytes.writeUInt32BE(index, offset)
    bytes.writeUInt32BE(crc32(bytes.subarray(offset, offset + 4), seed), offset + 4)
  }
  return bytes
}

/** Reads a journal of `count` chunks. A last record cut short is dropped; anything else that is wrong spoils the file. */
export function decodeJournal(file: Uint8Array, digest: Digest, count: number): DecodedJournal {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const spoilt: DecodedJournal = { have: new Bitfield(count), damaged: true, untidy: true }
  if (!encodeHeader(digest, count).equals(bytes.subarray(0, HEADER_BYTES))) return spoilt
  const have = new Bitfield(count)
  const seed = crc32(digest)
  let untidy = (bytes.length - HEADER_BYTES) % RECORD_BYTES !== 0
  for (let offset = HEADER_BYTES; offset + RECORD_BYTES <= bytes.length; offset += RECORD_BYTES) {
    const index = bytes.readUInt32BE(offset)
    const check = bytes.readUInt32BE(offset + 4)
    if (index >= count || check !== crc32(bytes.subarray(offset, offset + 4), seed)) return spoilt
    if (!have.add(index)) untidy = true
  }
  return { have, damaged: false, untidy }
}

function encodeHeader(digest: Digest, count: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32BE(count, 4)
  header.writeUInt32BE(crc32(header.subarray(0, 8), crc32(digest)), 8)
  return header
}
