import { createCipheriv, createDecipheriv } from 'node:crypto'
import { PeerError } from '../errors.ts'
import type { Random } from '../random.ts'
import { decodeHint, encodeHint, type Hint, MAX_HINT_BYTES } from './hint.ts'

const NONCE_LENGTH = 12
const TAG_LENGTH = 16
const CIPHER = 'aes-256-gcm'

/** Largest hint as it travels. */
export const MAX_SEALED_HINT_BYTES = MAX_HINT_BYTES + NONCE_LENGTH + TAG_LENGTH

/** What binds a hint to a video and to whoever tells it. */
export interface HintSeal {
  /** See `IdKeys.hintKey`. */
  key: Uint8Array
  /** Peer id, as text, of whoever signs the message. */
  author: string
}

/**
 * Encrypts a hint for those who know the video's ID: random nonce of 12 bytes ‖ AES-256-GCM ciphertext ‖ tag, authenticated
 * with `chordcast/hint/1` and the author's peer id, so that nobody passes another's hint off as their own.
 */
export function sealHint(hint: Hint, seal: HintSeal, random: Random): Uint8Array {
  const nonce = random.bytes(NONCE_LENGTH)
  const cipher = createCipheriv(CIPHER, seal.key, nonce, { authTagLength: TAG_LENGTH })
  cipher.setAAD(additionalData(seal))
  return Buffer.concat([nonce, cipher.update(encodeHint(hint)), cipher.final(), cipher.getAuthTag()])
}

/**
 * Decrypts and reads a hint.
 * @throws PeerError PROOF_INVALID when its author does not know the ID; FRAME_TOO_LARGE, FRAME_INVALID, UPGRADE_NEEDED
 */
export function openHint(bytes: Uint8Array, seal: HintSeal): Hint {
  if (bytes.length > MAX_SEALED_HINT_BYTES) {
    throw new PeerError('FRAME_TOO_LARGE', `A hint of ${bytes.length} bytes is over the limit.`)
  }
  return decodeHint(decrypt(bytes, seal), seal.author)
}

function decrypt(bytes: Uint8Array, seal: HintSeal): Uint8Array {
  if (bytes.length < NONCE_LENGTH + TAG_LENGTH) throw notSealed()
  const decipher = createDecipheriv(CIPHER, seal.key, bytes.subarray(0, NONCE_LENGTH), {
    authTagLength: TAG_LENGTH
  })
  decipher.setAAD(additionalData(seal))
  decipher.setAuthTag(bytes.subarray(-TAG_LENGTH))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_LENGTH, -TAG_LENGTH)), decipher.final()])
  } catch (cause) {
    throw notSealed(cause)
  }
}

function additionalData({ author }: HintSeal): Uint8Array {
  return Buffer.from(`chordcast/hint/1${author}`)
}

function notSealed(cause?: unknown): PeerError {
  return new PeerError(
    'PROOF_INVALID',
    'A peer spoke about a video without knowing its ID. It is not listened to.',
    { cause }
  )
}
