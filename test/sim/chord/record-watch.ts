import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { decode } from '@ipld/dag-cbor'
import {
  MAX_RECORD_BYTES,
  MAX_RECORDS,
  MAX_RECORDS_PER_KEY,
  MAX_RECORDS_PER_PROVIDER,
  MAX_TOMBSTONES_PER_KEY,
  PROVIDER_RECORD_TTL,
  TOMBSTONE_TTL
} from '../../../src/peer/chord/constants.ts'
import type { StoredRecord } from '../../../src/peer/chord/record/record-store.ts'
import type { SignedRecord } from '../../../src/peer/chord/record/signed-record.ts'
import { isSimulatedSignature } from './simulated-keys.ts'
import type { SimulatedPeer, Simulation } from './simulation.ts'

interface Payload {
  announceKey: Uint8Array
  provider?: Uint8Array
  owner?: Uint8Array
  sequence: number
}

/**
 * I9: no member holds a record with a bad signature, past its expiry, with a lower sequence than it held before, or over a
 * quota. Reads the records' bytes for itself, and remembers when each version was first seen anywhere.
 */
export class RecordWatch {
  readonly #simulation: Simulation
  /** When each version was first stored anywhere, by its signature: no copy may outlive it by more than its lifetime. */
  readonly #firstSeen = new Map<string, number>()
  /** The highest sequence of each author and key that each peer has held. */
  readonly #highest = new Map<string, Map<string, number>>()
  readonly #sound = new WeakSet<SignedRecord>()
  /** Records that were checked. */
  records = 0

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  /** Looks into the store of every peer. */
  check(): void {
    for (const peer of this.#simulation.peers) this.#checkStore(peer)
  }

  #checkStore({ node, peerId }: SimulatedPeer): void {
    const { size } = node.store
    assert.ok(size <= MAX_RECORDS, `I10: ${peerId} holds ${size} records`)
    if (size === 0) return
    const counts = new Map<string, number>()
    const count = (name: string, most: number): void => {
      counts.set(name, (counts.get(name) ?? 0) + 1)
      assert.ok((counts.get(name) ?? 0) <= most, `I9: ${peerId} holds more than ${most} records of ${name}`)
    }
    for (const stored of node.store.inArc({ from: 0n, to: 0n })) {
      const { kind, payload } = stored.read.signed
      const { announceKey, provider, owner, sequence } = decode<Payload>(payload)
      const author = hexOf(provider ?? owner ?? new Uint8Array())
      const key = hexOf(createHash('sha256').update(announceKey).digest())
      assert.equal(
        stored.read.key,
        BigInt(`0x${key}`),
        `I9: ${peerId} holds a record under a key that is not its own`
      )
      count(`${kind} ${key}`, kind === 'tombstone' ? MAX_TOMBSTONES_PER_KEY : MAX_RECORDS_PER_KEY)
      count(`author ${author}`, MAX_RECORDS_PER_PROVIDER)
      this.#checkSignatures(stored.read.signed, announceKey, provider ?? owner ?? new Uint8Array(), peerId)
      this.#checkAge(stored, peerId)
      this.#checkSequence(peerId, `${kind} ${key} ${author}`, sequence)
      this.records++
    }
  }

  #checkSignatures(signed: SignedRecord, announceKey: Uint8Array, author: Uint8Array, peerId: string): void {
    if (this.#sound.has(signed)) return
    const { kind, payload, signature, announceSignature } = signed
    assert.ok(payload.length <= MAX_RECORD_BYTES, `I9: ${peerId} holds a record of ${payload.length} bytes`)
    const type = kind === 'provider' ? 'provider-record' : 'tombstone'
    const isSigned =
      isSimulatedSignature(author, type, 1, payload, signature) &&
      isSimulatedSignature(announceKey, type, 1, payload, announceSignature)
    assert.ok(isSigned, `I9: ${peerId} holds a record with a bad signature`)
    this.#sound.add(signed)
  }

  #checkAge({ read, expiresAt }: StoredRecord, peerId: string): void {
    const now = this.#simulation.clock.monotonic()
    const version = hexOf(read.signed.signature)
    const lifetime = read.signed.kind === 'tombstone' ? TOMBSTONE_TTL : PROVIDER_RECORD_TTL
    const firstSeen = this.#firstSeen.get(version) ?? now
    this.#firstSeen.set(version, firstSeen)
    assert.ok(now < firstSeen + lifetime, `I9: ${peerId} gives out a record past its expiry`)
    assert.ok(expiresAt <= firstSeen + lifetime, `I9: ${peerId} would keep a record past its expiry`)
  }

  #checkSequence(peerId: string, name: string, sequence: number): void {
    const held = this.#highest.get(peerId) ?? new Map<string, number>()
    this.#highest.set(peerId, held)
    assert.ok(sequence >= (held.get(name) ?? 0), `I9: ${peerId} went back to an older version of a record`)
    held.set(name, sequence)
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
