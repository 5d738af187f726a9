import * as v from 'valibot'
import type { Message } from '../../wire/frame-codec.ts'
import { bytesOf, bytesUpTo, integer, listUpTo, parseMessage, textUpTo } from '../../wire/message-schema.ts'
import {
  CLOSER_CONTACTS,
  MAX_ADDRESS_LENGTH,
  MAX_ADDRESSES,
  MAX_CONTACTS_PER_MESSAGE,
  MAX_RECORD_BYTES,
  MAX_RECORDS_PER_MESSAGE,
  TOMBSTONE_TTL
} from '../constants.ts'
import { type Contact, contactOf } from '../contact.ts'
import type { RecordInTransit } from '../record/signed-record.ts'
import { positionFromBytes, positionToBytes, type RingPosition } from '../ring-position.ts'
import type { Method, Reply, Request } from './protocol.ts'

const MAX_SIGNATURE_BYTES = 512
const MAX_PEER_ID_LENGTH = 128
const MAX_CURSOR_LENGTH = 256

const addresses = listUpTo(textUpTo(MAX_ADDRESS_LENGTH), MAX_ADDRESSES)

const contact = v.pipe(
  v.object({ peerId: textUpTo(MAX_PEER_ID_LENGTH), addresses }),
  v.rawTransform(({ dataset, addIssue, NEVER }): Contact => {
    try {
      return contactOf(dataset.value.peerId, dataset.value.addresses)
    } catch {
      // peerIdFromString throws whatever its base decoders throw; the message that names the field is ours.
      addIssue({ message: 'not a peer id' })
      return NEVER
    }
  })
)
const contacts = listUpTo(contact, MAX_CONTACTS_PER_MESSAGE)

const position = v.pipe(
  bytesOf(32),
  v.transform((bytes): RingPosition => positionFromBytes(bytes))
)
const arc = v.object({ from: position, to: position })

const record = v.pipe(
  v.object({
    kind: v.picklist(['provider', 'tombstone']),
    payload: bytesUpTo(MAX_RECORD_BYTES),
    algorithm: v.picklist(['rsa-sha256', 'ed25519']),
    signature: bytesUpTo(MAX_SIGNATURE_BYTES),
    announceSignature: bytesUpTo(MAX_SIGNATURE_BYTES),
    remaining: integer(0, TOMBSTONE_TTL)
  }),
  // Byte strings of a frame are views of the whole frame: kept, they would keep all of it in memory.
  v.transform(
    ({ remaining, ...signed }): RecordInTransit => ({
      signed: {
        ...signed,
        payload: signed.payload.slice(),
        signature: signed.signature.slice(),
        announceSignature: signed.announceSignature.slice()
      },
      remaining
    })
  )
)
const records = listUpTo(record, MAX_RECORDS_PER_MESSAGE)

const nothing = v.object({})
const neighbourhood = v.object({
  member: v.boolean(),
  predecessor: v.optional(contact),
  successors: contacts,
  whole: v.boolean()
})
const outcome = v.object({
  status: v.picklist(['stored', 'stale', 'refused']),
  sequence: v.optional(integer())
})
const cursor = v.optional(textUpTo(MAX_CURSOR_LENGTH))

const requestSchemas = {
  ping: nothing,
  neighbours: nothing,
  notify: v.object({ addresses }),
  nudge: nothing,
  next: v.object({ key: position }),
  dialBack: v.object({ addresses }),
  leave: v.object({ predecessor: v.optional(contact), successors: contacts }),
  store: v.object({ records }),
  get: v.object({ key: position }),
  pull: v.object({ arc, after: cursor }),
  digest: v.object({ arc })
} satisfies { [M in Method]: v.GenericSchema<unknown, Request<M>> }

const replySchemas = {
  ping: v.object({ member: v.boolean() }),
  neighbours: neighbourhood,
  notify: neighbourhood,
  nudge: nothing,
  next: v.object({
    member: v.boolean(),
    owners: contacts,
    closer: listUpTo(contact, MAX_CONTACTS_PER_MESSAGE + CLOSER_CONTACTS)
  }),
  dialBack: v.object({ reached: v.boolean(), reason: textUpTo(256) }),
  leave: nothing,
  store: v.object({ outcomes: listUpTo(outcome, MAX_RECORDS_PER_MESSAGE) }),
  get: v.object({ records }),
  pull: v.object({ records, after: cursor }),
  digest: v.object({ count: integer(), digest: bytesOf(32) })
} satisfies { [M in Method]: v.GenericSchema<unknown, Reply<M>> }

const methodSchema = v.picklist(Object.keys(requestSchemas) as Method[])

const requestEnvelope = v.object({
  type: v.literal('request'),
  id: integer(),
  method: methodSchema,
  body: v.unknown()
})

const replyEnvelope = v.object({
  type: v.literal('reply'),
  id: integer(),
  incarnation: integer(),
  body: v.optional(v.unknown()),
  error: v.optional(v.object({ code: textUpTo(64), message: textUpTo(512) }))
})

export type RequestEnvelope = v.InferOutput<typeof requestEnvelope>
export type ReplyEnvelope = v.InferOutput<typeof replyEnvelope>

/** The frame of a request. `id` is unique among the open requests of its stream. */
export function encodeRequest<M extends Method>(id: number, method: M, request: Request<M>): Message {
  return { type: 'request', id, method, body: toPlain(request) }
}

/** The frame of a reply. */
export function encodeReply<M extends Method>(id: number, incarnation: number, reply: Reply<M>): Message {
  return { type: 'reply', id, incarnation, body: toPlain(reply) }
}

/** The frame of a refusal. */
export function encodeFailure(
  id: number,
  incarnation: number,
  error: { code: string; message: string }
): Message {
  return { type: 'reply', id, incarnation, error }
}

/** @throws PeerError FRAME_INVALID */
export function decodeRequestEnvelope(message: Message): RequestEnvelope {
  return parseMessage(requestEnvelope, message)
}

/** @throws PeerError FRAME_INVALID */
export function decodeReplyEnvelope(message: Message): ReplyEnvelope {
  return parseMessage(replyEnvelope, message)
}

/** @throws PeerError FRAME_INVALID */
export function decodeRequest<M extends Method>(method: M, body: unknown): Request<M> {
  // The table is typed as a whole above; a lookup by a generic name loses which of its types it gave.
  return parseMessage(requestSchemas[method] as v.GenericSchema, body) as Request<M>
}

/** @throws PeerError FRAME_INVALID */
export function decodeReply<M extends Method>(method: M, body: unknown): Reply<M> {
  return parseMessage(replySchemas[method] as v.GenericSchema, body) as Reply<M>
}

// Positions become 32 bytes, contacts lose their computed position, records are flattened, absent fields vanish.
function toPlain(value: unknown): unknown {
  if (typeof value === 'bigint') return positionToBytes(value)
  if (Array.isArray(value)) return value.map(toPlain)
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value
  if (isContact(value)) return { peerId: value.peerId, addresses: value.addresses.slice(0, MAX_ADDRESSES) }
  if (isRecordInTransit(value))
    return { ...value.signed, remaining: Math.max(0, Math.floor(value.remaining)) }
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(entries.map(([name, field]) => [name, toPlain(field)]))
}

function isContact(value: object): value is Contact {
  return 'peerId' in value && 'position' in value
}

function isRecordInTransit(value: object): value is RecordInTransit {
  return 'signed' in value && 'remaining' in value
}
