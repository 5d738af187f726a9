import { createCipheriv, createDecipheriv, createHash, timingSafeEqual } from 'node:crypto'
import type { Random } from '../random.ts'
import type { SealStore } from './seal-store.ts'

/** Version of the sealed file that this code writes. */
export const KEYSTORE_VERSION = 1
const MAGIC = Buffer.from('CCKEYS')
const KINDS: readonly SealStore['kind'][] = ['file', 'editor']
const FINGERPRINT_BYTES = 8
const NONCE_BYTES = 12
const CHECK_BYTES = 4
const TAG_BYTES = 16
// magic, version, kind, fingerprint, nonce, check
const CHECKED_BYTES = MAGIC.length + 2 + FINGERPRINT_BYTES + NONCE_BYTES
const HEADER_BYTES = CHECKED_BYTES + CHECK_BYTES

/** What can be read of a sealed keystore without its seal. */
export interface KeystoreHeader {
  version: number
  /** Where the seal lay that this file was written under. */
  sealedBy: SealStore['kind']
  /** Tells a lost seal from a damaged file; says nothing else about the seal. */
  fingerprint: Uint8Array
}

/** Seals `body` by AES-256-GCM (NIST SP 800-38D) with a fresh nonce and the header as additional data. */
export function sealKeystore(
  body: Uint8Array,
  seal: Uint8Array,
  sealedBy: SealStore['kind'],
  random: Random
): Uint8Array {
  const nonce = random.bytes(NONCE_BYTES)
  const checked = Buffer.concat([
    MAGIC,
    Buffer.of(KEYSTORE_VERSION, KINDS.indexOf(sealedBy)),
    fingerprintOf(seal),
    nonce
  ])
  const header = Buffer.concat([checked, checkOf(checked)])
  const cipher = createCipheriv('aes-256-gcm', seal, nonce)
  cipher.setAAD(header)
  return Buffer.concat([header, cipher.update(body), cipher.final(), cipher.getAuthTag()])
}

/** Reads the header, or gives undefined when it is damaged. */
export function readKeystoreHeader(file: Uint8Array): KeystoreHeader | undefined {
  const checked = file.subarray(0, CHECKED_BYTES)
  const check = file.subarray(CHECKED_BYTES, HEADER_BYTES)
  if (check.length !== CHECK_BYTES || !checkOf(checked).equals(check)) return undefined
  if (!MAGIC.equals(checked.subarray(0, MAGIC.length))) return undefined
  const sealedBy = KINDS[checked[MAGIC.length + 1] ?? KINDS.length]
  const version = checked[MAGIC.length]
  if (sealedBy === undefined || version === undefined) return undefined
  return {
    version,
    sealedBy,
    fingerprint: checked.slice(MAGIC.length + 2, MAGIC.length + 2 + FINGERPRINT_BYTES)
  }
}

/** Whether the file of this header was sealed by this very seal. */
export function isSealedBy(header: KeystoreHeader, seal: Uint8Array): boolean {
  return timingSafeEqual(header.fingerprint, fingerprintOf(seal))
}

/** Opens the body. Throws when a single bit of the file differs from what was sealed. */
export function unsealKeystore(file: Uint8Array, seal: Uint8Array): Uint8Array {
  if (file.length < HEADER_BYTES + TAG_BYTES) throw new RangeError('The keystore is too short.')
  const header = file.subarray(0, HEADER_BYTES)
  const nonce = header.subarray(CHECKED_BYTES - NONCE_BYTES, CHECKED_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', seal, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(header)
  decipher.setAuthTag(file.subarray(-TAG_BYTES))
  return Buffer.concat([decipher.update(file.subarray(HEADER_BYTES, -TAG_BYTES)), decipher.final()])
}

function fingerprintOf(seal: Uint8Array): Buffer {
  return createHash('sha256').update('chordcast/seal/1').update(seal).digest().subarray(0, FINGERPRINT_BYTES)
}

function checkOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, CHECK_BYTES)
}
