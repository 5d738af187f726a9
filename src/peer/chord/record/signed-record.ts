import type { SignatureAlgorithm } from '../../wire/signature.ts'

export type RecordKind = 'provider' | 'tombstone'

/**
 * A record as it travels and is stored: the exact bytes that were signed, and both signatures over them. Anybody may pass
 * it on, nobody can change it.
 */
export interface SignedRecord {
  kind: RecordKind
  /** dag-cbor, see `ProviderRecordPayload` and `TombstonePayload`. */
  payload: Uint8Array
  /** Signature algorithm of the author's identity key. */
  algorithm: SignatureAlgorithm
  /** By the author's identity key. */
  signature: Uint8Array
  /** By the announce key, always Ed25519: proof that the author knows the ID. */
  announceSignature: Uint8Array
}

/** A record on its way, with what is left of its lifetime in milliseconds: passing it on never prolongs it. */
export interface RecordInTransit {
  signed: SignedRecord
  remaining: number
}
