import * as v from 'valibot'
import { PeerError } from '../errors.ts'
import { decodeCanonical, encodeCanonical } from '../wire/canonical.ts'
import { bytesUpTo, textUpTo } from '../wire/message-schema.ts'
import { type Signature, type Signer, signPayload } from '../wire/signature.ts'

const MAX_SIGNATURE_BYTES = 512

/** What tells one kind of signed object from another. */
export interface SignedFormat<Schema extends v.GenericSchema> {
  /** Named in the signature, so that a signature of one type never passes for another. */
  type: string
  /** The one version that this code reads and writes; stands in the payload as `version`. */
  version: number
  /** Largest encoding accepted. */
  maxBytes: number
  schema: Schema
  /** The error for anything malformed. */
  invalid(detail: string, cause?: unknown): PeerError
}

/** A decoded object whose signature has still to be checked. */
export interface SignedObject<Fields> {
  /** The exact bytes that the signature covers. */
  payload: Uint8Array
  signature: Signature
  fields: Fields
}

const envelopeSchema = v.looseObject({
  payload: v.instance(Uint8Array),
  signature: bytesUpTo(MAX_SIGNATURE_BYTES),
  algorithm: textUpTo(32)
})
const versionSchema = v.looseObject({ version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)) })
const algorithmSchema = v.picklist(['rsa-sha256', 'ed25519'])

/** Encodes and signs: dag-cbor {payload, signature, algorithm}, where `payload` is itself dag-cbor, kept as bytes. */
export async function encodeSigned(
  format: SignedFormat<v.GenericSchema>,
  fields: Record<string, unknown>,
  signer: Signer
): Promise<Uint8Array> {
  const payload = encodeCanonical({ ...fields, version: format.version })
  const { algorithm, signature } = await signPayload(signer, format.type, format.version, payload)
  return encodeCanonical({ payload, signature, algorithm })
}

/**
 * Decodes, and checks everything but the signature.
 * @throws PeerError what `format.invalid` makes, or UPGRADE_NEEDED for a later version
 */
export function decodeSigned<Schema extends v.GenericSchema>(
  format: SignedFormat<Schema>,
  bytes: Uint8Array
): SignedObject<v.InferOutput<Schema>> {
  const envelope = parse(format, envelopeSchema, decodeOrRefuse(format, bytes))
  const payload = decodeOrRefuse(format, envelope.payload)
  requireVersion(format, parse(format, versionSchema, payload).version)
  const algorithm = v.safeParse(algorithmSchema, envelope.algorithm)
  if (!algorithm.success) throw upgradeNeeded(format.type)
  return {
    payload: envelope.payload,
    signature: { algorithm: algorithm.output, signature: envelope.signature },
    fields: parse(format, format.schema, payload)
  }
}

function decodeOrRefuse(format: SignedFormat<v.GenericSchema>, bytes: Uint8Array): unknown {
  try {
    return decodeCanonical(bytes, { maxBytes: format.maxBytes })
  } catch (error) {
    if (error instanceof PeerError && error.code === 'UPGRADE_NEEDED') throw error
    throw format.invalid('it is not well-formed', error)
  }
}

function parse<Schema extends v.GenericSchema>(
  format: SignedFormat<v.GenericSchema>,
  schema: Schema,
  value: unknown
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  throw format.invalid(`its ${v.getDotPath(result.issues[0]) ?? 'form'} does not fit`)
}

function requireVersion(format: SignedFormat<v.GenericSchema>, version: number): void {
  if (version > format.version) throw upgradeNeeded(format.type)
  if (version < format.version) throw format.invalid('its version is unknown')
}

function upgradeNeeded(type: string): PeerError {
  return new PeerError('UPGRADE_NEEDED', `This ${type} was made by a newer Chordcast. Update to read it.`)
}
