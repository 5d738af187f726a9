import {
  type AnnounceKey,
  type ProviderRecordDraft,
  signProviderRecord
} from '../../../src/peer/chord/record/provider-record.ts'
import { RecordStore, type RecordStoreLimits } from '../../../src/peer/chord/record/record-store.ts'
import type { RecordInTransit, SignedRecord } from '../../../src/peer/chord/record/signed-record.ts'
import type { Clock } from '../../../src/peer/clock.ts'
import { silentLogger } from '../../../src/peer/log.ts'
import { systemRandom } from '../../../src/peer/random.ts'
import { type Signer, verifyPayload } from '../../../src/peer/wire/signature.ts'

export const TTL = 30 * 60_000

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  time = 0
  skew = 0

  now(): number {
    return Date.UTC(2026, 5, 1) + this.time + this.skew
  }

  monotonic(): number {
    return this.time
  }

  after(): () => void {
    return () => undefined
  }
}

export function makeStore(clock: Clock, limits: Partial<RecordStoreLimits> = {}): RecordStore {
  return new RecordStore({ clock, random: systemRandom, verify: verifyPayload, log: silentLogger }, limits)
}

export function draftOf(clock: Clock, over: Partial<ProviderRecordDraft> = {}): ProviderRecordDraft {
  return {
    addresses: ['/ip4/10.0.0.1/tcp/4001'],
    sequence: 1,
    issued: clock.now(),
    chunkCount: 8,
    ranges: [[0, 8]],
    ...over
  }
}

export function inTransit(signed: SignedRecord, remaining = TTL): RecordInTransit {
  return { signed, remaining }
}

export async function recordOf(
  clock: Clock,
  provider: Signer,
  announceKey: AnnounceKey,
  over: Partial<ProviderRecordDraft> = {}
): Promise<RecordInTransit> {
  return inTransit(await signProviderRecord(draftOf(clock, over), provider, announceKey))
}
