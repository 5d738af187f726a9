import {
  type AnnounceKey,
  PROVIDER_RECORD_TYPE,
  signProviderRecord
} from '../../../src/peer/chord/record/provider-record.ts'
import type { ReadRecord } from '../../../src/peer/chord/record/record-validation.ts'
import type { RecordInTransit, SignedRecord } from '../../../src/peer/chord/record/signed-record.ts'
import { encodeCanonical } from '../../../src/peer/wire/canonical.ts'
import type { Signer } from '../../../src/peer/wire/signature.ts'
import { peerIdOf, simulatedAnnounceKey, simulatedSigner } from './simulated-keys.ts'
import type { SimulatedPeer, Simulation } from './simulation.ts'

/** Keeps what members have stored, and sends it back changed, or when it is old. No member may take any of it. */
export class HostileRecords {
  readonly #simulation: Simulation
  readonly #self: string
  /** The newest version of each record that was seen, by its name. */
  readonly #newest = new Map<string, ReadRecord>()
  readonly #superseded: SignedRecord[] = []

  constructor(simulation: Simulation) {
    this.#simulation = simulation
    this.#self = peerIdOf(simulatedSigner(simulation.random))
  }

  /** Copies what a member holds, to be replayed later. */
  collectFrom({ node }: SimulatedPeer): void {
    for (const { read } of node.store.inArc({ from: 0n, to: 0n })) {
      const known = this.#newest.get(read.name)
      if (known && known.sequence < read.sequence) this.#superseded.push(known.signed)
      if (!known || known.sequence < read.sequence) this.#newest.set(read.name, read)
    }
  }

  /** Sends one bad record of each kind to a member. Resolves without waiting for the answers. */
  async send(to: SimulatedPeer): Promise<void> {
    const { random } = this.#simulation
    const seen = [...this.#newest.values()].map(read => read.signed)
    const known = seen.length > 0 ? random.pick(seen) : undefined
    const old = this.#superseded.length > 0 ? random.pick(this.#superseded) : undefined
    this.#store(to, [
      ...(known ? [inTransit({ ...known, signature: flipped(known.signature) })] : []),
      ...(known ? [inTransit({ ...known, announceSignature: flipped(known.announceSignature) })] : []),
      ...(old ? [inTransit(old)] : []),
      inTransit(await this.#oversized()),
      inTransit(await this.#expired(), -1)
    ])
  }

  /** Sends valid records of many providers for one key, which no member may hold all of. */
  async flood(to: SimulatedPeer, count: number): Promise<void> {
    const announceKey = simulatedAnnounceKey(this.#simulation.random)
    for (let sent = 0; sent < count; sent++) {
      this.#store(to, [inTransit(await this.#sign(simulatedSigner(this.#simulation.random), announceKey))])
    }
  }

  #store(to: SimulatedPeer, records: RecordInTransit[]): void {
    const { network } = this.#simulation
    const signal = new AbortController().signal
    // What became of it is read from the stores themselves.
    const call = network
      .transportOf(this.#self)
      .call(this.#simulation.contact(to), 'store', { records }, signal)
    call.catch(() => undefined)
  }

  #sign(signer: Signer, announceKey: AnnounceKey): Promise<SignedRecord> {
    const now = Math.floor(this.#simulation.clock.now())
    const draft = { addresses: [], sequence: now, issued: now, chunkCount: 8, ranges: [[0, 8]] as const }
    return signProviderRecord(draft, signer, announceKey)
  }

  #expired(): Promise<SignedRecord> {
    const { random } = this.#simulation
    return this.#sign(simulatedSigner(random), simulatedAnnounceKey(random))
  }

  async #oversized(): Promise<SignedRecord> {
    const { random, clock } = this.#simulation
    const signer = simulatedSigner(random)
    const announceKey = simulatedAnnounceKey(random)
    const now = Math.floor(clock.now())
    const payload = encodeCanonical({
      version: 1,
      announceKey: announceKey.publicKey,
      provider: signer.publicKey,
      addresses: [],
      sequence: now,
      issued: now,
      ttl: 60_000,
      chunkCount: 8,
      ranges: [[0, 8]],
      withdrawn: false,
      padding: new Uint8Array(4096)
    })
    const signed = Buffer.concat([Buffer.from(`chordcast/${PROVIDER_RECORD_TYPE}/1`), payload])
    return {
      kind: 'provider',
      payload,
      algorithm: 'ed25519',
      signature: await signer.sign(signed),
      announceSignature: await announceKey.sign(signed)
    }
  }
}

function inTransit(signed: SignedRecord, remaining = 60_000): RecordInTransit {
  return { signed, remaining }
}

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte))
}
