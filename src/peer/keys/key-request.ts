import { peerIdFromPublicKey } from '@libp2p/peer-id'
import * as v from 'valibot'
import type { Digest } from '../api.ts'
import { decodeSigned, encodeSigned, type SignedFormat } from '../content/signed-object.ts'
import { PeerError } from '../errors.ts'
import { bytesOf, bytesUpTo } from '../wire/message-schema.ts'
import { publicKeyFromBytes, type Signer, verifyPayload } from '../wire/signature.ts'
import { encryptionKeyHash, MAX_ENCRYPTION_KEY_BYTES, parseEncryptionKey } from './encryption-key.ts'

/** Largest key request, in bytes. */
export const MAX_KEY_REQUEST_BYTES = 4096
/** Bytes of the nonce that ties a grant to its request. */
export const REQUEST_NONCE_LENGTH = 32

/** What a receiver asks for. */
export interface KeyRequestDraft {
  digest: Digest
  /** The receiver's encryption key, SPKI DER. */
  encryptionKey: Uint8Array
  /** 32 random bytes, fresh for each request. */
  nonce: Uint8Array
}

/** A request whose signature and keys have been checked. */
export interface KeyRequest extends KeyRequestDraft {
  receiverPeerId: string
  /** See `encryptionKeyHash`. */
  encryptionKeyHash: Uint8Array
}

const schema = v.looseObject({
  digest: bytesOf(32),
  receiver: bytesUpTo(640),
  encryptionKey: bytesUpTo(MAX_ENCRYPTION_KEY_BYTES),
  nonce: bytesOf(REQUEST_NONCE_LENGTH)
})

const format: SignedFormat<typeof schema> = {
  type: 'key-request',
  version: 1,
  maxBytes: MAX_KEY_REQUEST_BYTES,
  schema,
  invalid: (detail, cause) =>
    new PeerError('PROTOCOL_VIOLATION', `A peer sent a malformed key request: ${detail}.`, { cause })
}

/** Encodes a request, signed by the receiver's identity key: this also binds the encryption key to that identity. */
export function createKeyRequest(draft: KeyRequestDraft, receiver: Signer): Promise<Uint8Array> {
  const fields = {
    digest: Buffer.from(draft.digest, 'hex'),
    receiver: receiver.publicKey,
    encryptionKey: draft.encryptionKey,
    nonce: draft.nonce
  }
  return encodeSigned(format, fields, receiver)
}

/**
 * Reads a request that came from `remotePeerId`, as the connection authenticated it.
 * @throws PeerError PROTOCOL_VIOLATION, SIGNATURE_INVALID (also for a request that another peer made), UPGRADE_NEEDED
 */
export async function verifyKeyRequest(bytes: Uint8Array, remotePeerId: string): Promise<KeyRequest> {
  const { fields, payload, signature } = decodeSigned(format, bytes)
  const receiverPeerId = peerIdFromPublicKey(publicKeyFromBytes(fields.receiver)).toString()
  const isSigned = await verifyPayload(fields.receiver, format.type, format.version, payload, signature)
  if (!isSigned || receiverPeerId !== remotePeerId) {
    throw new PeerError('SIGNATURE_INVALID', 'A peer sent a key request that it did not sign.')
  }
  parseEncryptionKey(fields.encryptionKey)
  return {
    digest: Buffer.from(fields.digest).toString('hex'),
    encryptionKey: fields.encryptionKey,
    nonce: fields.nonce,
    receiverPeerId,
    encryptionKeyHash: encryptionKeyHash(fields.encryptionKey)
  }
}
