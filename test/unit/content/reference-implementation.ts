/**
 * A second implementation of the content format, on WebCrypto alone and with naive code, from the written format and not
 * from the sources. The known-answer vectors come from here.
 */
import { webcrypto } from 'node:crypto'

const { subtle } = webcrypto
const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')

const u32 = (value: number): Buffer => Buffer.from(value.toString(16).padStart(8, '0'), 'hex')

export async function sha256(...parts: Uint8Array[]): Promise<Buffer> {
  return Buffer.from(await subtle.digest('SHA-256', Buffer.concat(parts)))
}

export async function hkdf(secret: Uint8Array, info: string): Promise<Buffer> {
  const key = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: utf8(info) }
  return Buffer.from(await subtle.deriveBits(parameters, key, 256))
}

export async function hmac(keyBytes: Uint8Array, message: Uint8Array): Promise<Buffer> {
  const key = await subtle.importKey('raw', keyBytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return Buffer.from(await subtle.sign('HMAC', key, message))
}

export async function aesGcm(
  keyBytes: Uint8Array,
  iv: Uint8Array,
  additionalData: Uint8Array,
  plaintext: Uint8Array
): Promise<Buffer> {
  const key = await subtle.importKey('raw', keyBytes, 'AES-GCM', false, ['encrypt'])
  return Buffer.from(await subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, plaintext))
}

/** RFC 6962, section 2.1, word for word. */
export async function merkleTreeHash(leaves: Uint8Array[]): Promise<Buffer> {
  if (leaves.length === 0) return sha256()
  if (leaves.length === 1) return Buffer.from(leaves[0]!)
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  const [left, right] = await Promise.all([
    merkleTreeHash(leaves.slice(0, k)),
    merkleTreeHash(leaves.slice(k))
  ])
  return sha256(Uint8Array.of(1), left, right)
}

export const referenceLeaf = (index: number, sealed: Uint8Array): Promise<Buffer> =>
  sha256(Uint8Array.of(0), u32(index), sealed)

export async function sealChunk(
  chunkKey: Uint8Array,
  contentId: Uint8Array,
  chunk: { index: number; count: number; chunkSize: number },
  plaintext: Uint8Array
): Promise<Buffer> {
  const isLast = chunk.index === chunk.count - 1
  const aad = [
    utf8('chordcast/chunk/1'),
    contentId,
    u32(chunk.index),
    u32(chunk.count),
    u32(chunk.chunkSize),
    Buffer.from([isLast ? 1 : 0])
  ]
  return aesGcm(chunkKey, Buffer.concat([Buffer.alloc(8), u32(chunk.index)]), Buffer.concat(aad), plaintext)
}

type Cbor = string | number | Uint8Array | { [key: string]: Cbor }

function cborHead(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value])
  if (value < 0x100) return Buffer.from([(major << 5) | 24, value])
  if (value < 0x10000) return Buffer.from([(major << 5) | 25, value >> 8, value & 255])
  if (value < 0x100000000) return Buffer.concat([Buffer.from([(major << 5) | 26]), u32(value)])
  const high = u32(Math.floor(value / 0x100000000))
  return Buffer.concat([Buffer.from([(major << 5) | 27]), high, u32(value % 0x100000000)])
}

/** Deterministic CBOR as dag-cbor prescribes it: shortest heads, keys by length and then by bytes. */
export function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return cborHead(0, value)
  if (typeof value === 'string') return Buffer.concat([cborHead(3, utf8(value).length), utf8(value)])
  if (value instanceof Uint8Array) return Buffer.concat([cborHead(2, value.length), value])
  const keys = Object.keys(value).sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  return Buffer.concat([cborHead(5, keys.length), ...keys.flatMap(key => [cbor(key), cbor(value[key]!)])])
}

const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Signer and raw public key from a 32-byte seed (RFC 8032). */
export async function ed25519(seed: Uint8Array) {
  const pkcs8 = Buffer.concat([ED25519_PKCS8, seed])
  const key = await subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign'])
  const { x } = await subtle.exportKey('jwk', key)
  const publicKey = Buffer.from(x!, 'base64url')
  const sign = async (message: Uint8Array): Promise<Buffer> =>
    Buffer.from(await subtle.sign('Ed25519', key, message))
  return { publicKey, sign }
}

/** libp2p's protobuf: field 1 key type 1 (Ed25519), field 2 the raw key. */
export const libp2pEd25519 = (publicKey: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0x08, 0x01, 0x12, 0x20]), publicKey])

export async function signedObject(
  type: string,
  fields: { [key: string]: Cbor },
  signer: { sign(message: Uint8Array): Promise<Buffer> }
): Promise<Buffer> {
  const payload = cbor({ ...fields, version: 1 })
  const signature = await signer.sign(Buffer.concat([utf8(`chordcast/${type}/1`), payload]))
  return cbor({ payload, signature, algorithm: 'ed25519' })
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join('')
  const digits = bits.match(/.{1,5}/g) ?? []
  return digits.map(digit => BASE32[Number.parseInt(digit.padEnd(5, '0'), 2)]).join('')
}

/** The ID's bytes (CIDv1, dag-cbor, sha2-256) and text. */
export async function referenceId(manifest: Uint8Array): Promise<{ bytes: Buffer; text: string }> {
  const bytes = Buffer.concat([Buffer.from([0x01, 0x71, 0x12, 0x20]), await sha256(manifest)])
  return { bytes, text: `b${base32(bytes)}` }
}

export async function referenceProof(key: Uint8Array, parts: (string | Uint8Array)[]): Promise<Buffer> {
  const delimited = parts.flatMap(part => {
    const bytes = typeof part === 'string' ? utf8(part) : part
    return [u32(bytes.length), bytes]
  })
  return hmac(key, Buffer.concat(delimited))
}

/** RSA-OAEP with SHA-256, by WebCrypto. */
export async function wrapOaep(spki: Uint8Array, label: Uint8Array, secret: Uint8Array): Promise<Buffer> {
  const algorithm = { name: 'RSA-OAEP', hash: 'SHA-256' }
  const key = await subtle.importKey('spki', spki, algorithm, false, ['encrypt'])
  return Buffer.from(await subtle.encrypt({ name: 'RSA-OAEP', label }, key, secret))
}
