import type { Contact } from '../contact.ts'
import type { RecordInTransit } from '../record/signed-record.ts'
import type { RingPosition } from '../ring-position.ts'

/** How a member sees its neighbourhood. */
export interface Neighbourhood {
  /** Whether the peer that answers is a member itself; a client's successors are members that it knows. */
  member: boolean
  predecessor?: Contact
  /** Nearest first. */
  successors: Contact[]
  /** Whether `successors` are all other members of the ring. */
  whole: boolean
}

/** One step of a look-up. */
export interface NextHop {
  member: boolean
  /** The key's owner and the members after it, when the peer that answers can tell. */
  owners: Contact[]
  /** Members that precede the key, nearest to it first. */
  closer: Contact[]
}

/** What became of one record that was sent to be stored. `stale`: a newer sequence is known, which is `sequence`. */
export interface StoreOutcome {
  status: 'stored' | 'stale' | 'refused'
  sequence?: number
}

/** A sum over the records of a range; equal sums mean equal records. */
export interface RangeDigest {
  count: number
  digest: Uint8Array
}

/** An arc of the ring, `from` not included, `to` included. */
export interface Arc {
  from: RingPosition
  to: RingPosition
}

/** Every request with its reply. The caller is known from the connection, so no message carries it. */
export interface Rpc {
  ping: { request: object; reply: { member: boolean } }
  neighbours: { request: object; reply: Neighbourhood }
  /** Zave 2017, rectify: a member offers itself as predecessor (and, in a small ring, as successor). */
  notify: { request: { addresses: string[] }; reply: Neighbourhood }
  /** Something changed here that concerns you: stabilise now. */
  nudge: { request: object; reply: object }
  next: { request: { key: RingPosition }; reply: NextHop }
  /** Whether the caller can be reached at one of these addresses, tried with a new connection. */
  dialBack: { request: { addresses: string[] }; reply: { reached: boolean; reason: string } }
  /** The caller leaves; these were its neighbours. */
  leave: { request: { predecessor?: Contact; successors: Contact[] }; reply: object }
  store: { request: { records: RecordInTransit[] }; reply: { outcomes: StoreOutcome[] } }
  get: { request: { key: RingPosition }; reply: { records: RecordInTransit[] } }
  /** One page of the records in an arc, in the order of their keys; `after` continues behind the last page. */
  pull: {
    request: { arc: Arc; after?: string }
    reply: { records: RecordInTransit[]; after?: string }
  }
  digest: { request: { arc: Arc }; reply: RangeDigest }
}

export type Method = keyof Rpc
export type Request<M extends Method> = Rpc[M]['request']
export type Reply<M extends Method> = Rpc[M]['reply']

/** Who sent a request, as the connection proves it. */
export interface Caller {
  peerId: string
}

export type Handler<M extends Method> = (
  caller: Caller,
  request: Request<M>,
  signal: AbortSignal
) => Reply<M> | Promise<Reply<M>>

export type Handlers = { [M in Method]: Handler<M> }

/** A reply, with a number that the answering peer drew when it started: a new one means that it forgot everything. */
export interface Answer<M extends Method> {
  reply: Reply<M>
  incarnation: number
}

/** Carries requests to other peers. Injected: libp2p streams in a peer, function calls in a simulation. */
export interface Transport {
  /**
   * @throws PeerError PEER_UNREACHABLE when the peer cannot be reached; what the peer replied instead of an answer; the
   * signal's reason when aborted
   */
  call<M extends Method>(to: Contact, method: M, request: Request<M>, signal: AbortSignal): Promise<Answer<M>>
}
