import * as dagCbor from '@ipld/dag-cbor'
import * as v from 'valibot'
import type { Digest } from '../api.ts'
import { bytesOf, bytesUpTo } from '../wire/message-schema.ts'
import type { Signature } from '../wire/signature.ts'

/** What a peer knows of one video that others must not learn. */
export interface VideoSecret {
  /** The ID's bytes (CIDv1): a bearer secret under the policy *open*. */
  id: Uint8Array
  /** The 256-bit content key K; absent until granted. */
  contentKey?: Uint8Array
  /** Whether this peer keeps a copy of the ciphertext of what it shares. */
  kept: boolean
}

/** What lies sealed in a keystore. */
export interface KeystoreBody {
  /** libp2p's protobuf form of the identity's private key. */
  identity: Uint8Array
  /** PKCS #8 DER. */
  encryptionKey: Uint8Array
  /** The identity's signature over the encryption key's public half. */
  endorsement: Signature
  secrets: Map<Digest, VideoSecret>
}

const secretSchema = v.object({
  id: bytesUpTo(128),
  contentKey: v.optional(bytesOf(32)),
  kept: v.boolean()
})

const bodySchema = v.object({
  identity: bytesUpTo(4096),
  encryptionKey: bytesUpTo(4096),
  endorsement: v.object({ algorithm: v.picklist(['rsa-sha256', 'ed25519']), signature: bytesUpTo(1024) }),
  secrets: v.record(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), secretSchema)
})

/** The bytes that are sealed (dag-cbor). The caller wipes them. */
export function encodeKeystoreBody(body: KeystoreBody): Uint8Array {
  return dagCbor.encode({ ...body, secrets: Object.fromEntries(body.secrets) })
}

/** Reads unsealed bytes; shares no memory with them, so that the caller can wipe them. Throws when they are no body. */
export function decodeKeystoreBody(bytes: Uint8Array): KeystoreBody {
  const { identity, encryptionKey, endorsement, secrets } = v.parse(bodySchema, dagCbor.decode(bytes))
  return {
    identity: identity.slice(),
    encryptionKey: encryptionKey.slice(),
    endorsement: { ...endorsement, signature: endorsement.signature.slice() },
    secrets: new Map(Object.entries(secrets).map(([digest, secret]) => [digest, copySecret(secret)]))
  }
}

/** A secret that shares no memory with `secret`. */
export function copySecret({ id, contentKey, kept }: VideoSecret): VideoSecret {
  return { id: id.slice(), ...(contentKey && { contentKey: contentKey.slice() }), kept }
}

/** Overwrites the bytes of a secret. */
export function wipeSecret({ id, contentKey }: VideoSecret): void {
  id.fill(0)
  contentKey?.fill(0)
}
