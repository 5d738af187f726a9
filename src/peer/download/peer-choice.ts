import type { Random } from '../random.ts'
import { pickRandom } from '../random.ts'
import type { ChunkSet } from './chunk-holder.ts'

/** Requests that one holder is given at once, whatever its rate. */
export const MAX_DEPTH = 8

/** Depth of a holder whose rate is not known yet. */
const UNMEASURED_DEPTH = 2

/** Assumed of a holder when nobody in the swarm has been measured, in bytes per second. */
const ASSUMED_RATE = 512 * 1024

/** Share of choices that go to holders that were never measured, so that the best one does not absorb all load. */
const EXPLORATION = 0.1

/** Holders whose expected finish lies within this factor of the best are drawn from at random, against herding. */
const NEAR_BEST = 1.15

/** What the picker sees of one holder. Times are milliseconds of the monotonic clock. */
export interface PeerSnapshot {
  readonly peerId: string
  readonly have: ChunkSet
  /** Chunks that it wants to be asked for, unless a player waits for another one; undefined: any that it has. */
  readonly offered?: ChunkSet | undefined
  /** Bytes per second while it had something to send; undefined until measured. */
  readonly rate: number | undefined
  readonly roundTripMilliseconds: number
  /** At least 1: grows with the holder's load and with its failures. */
  readonly penalty: number
  /** Requested from it and not yet received. */
  readonly outstandingBytes: number
  readonly outstandingRequests: number
  /** Bytes that the current plan has added to them. */
  readonly pickedBytes: number
  /** Whether its stream can take requests for so many bytes more: at most 3 MiB, less under a download limit, but one always. */
  canRequest(bytes: number): boolean
  /** It owes chunks and has sent nothing for long. */
  readonly snubbed: boolean
  /** It asked to be left alone until then. */
  readonly busyUntil: number
  /** Chunks that it refused lately though it had announced them. */
  readonly refused: ChunkSet
}

/** Whether a holder can be asked for a chunk; `urgent`: a player waits for it. */
export function canGive(peer: PeerSnapshot, index: number, urgent = false): boolean {
  if (!peer.have.has(index) || peer.refused.has(index)) return false
  return urgent || peer.offered === undefined || peer.offered.has(index)
}

/** How many requests a holder is given at once: two seconds' worth, or two round trips'. */
export function requestDepth(peer: PeerSnapshot, chunkBytes: number): number {
  if (peer.snubbed) return 1
  if (peer.rate === undefined) return UNMEASURED_DEPTH
  const seconds = Math.max(2, (2 * peer.roundTripMilliseconds) / 1000)
  return Math.min(MAX_DEPTH, Math.max(1, Math.ceil((peer.rate * seconds) / chunkBytes)))
}

/**
 * Whether a holder can be given one more request of `bytes`.
 * @param extra requests allowed above its depth, for chunks that a player waits for
 */
export function hasRoom(peer: PeerSnapshot, bytes: number, now: number, extra = 0): boolean {
  if (peer.busyUntil > now || !peer.canRequest(peer.pickedBytes + bytes)) return false
  return peer.outstandingRequests < requestDepth(peer, bytes) + extra
}

/** Milliseconds until `bytes` more would be here from this holder, weighted by its penalty. */
export function expectedFinish(peer: PeerSnapshot, bytes: number, swarmRate: number | undefined): number {
  const rate = Math.max(1, peer.rate ?? swarmRate ?? ASSUMED_RATE)
  const transfer = ((peer.outstandingBytes + bytes) / rate) * 1000
  return (peer.roundTripMilliseconds + transfer) * peer.penalty
}

/** Mean rate of the measured holders, in bytes per second. */
export function meanRate(peers: readonly PeerSnapshot[]): number | undefined {
  const rates = peers.flatMap(peer => (peer.rate === undefined ? [] : [peer.rate]))
  if (rates.length === 0) return undefined
  return rates.reduce((sum, rate) => sum + rate, 0) / rates.length
}

/**
 * The holder to ask for a chunk: least expected finish, at random among those near the best; one choice in ten explores
 * a holder without measurements.
 */
export function choosePeer(
  candidates: readonly PeerSnapshot[],
  bytes: number,
  random: Random,
  swarmRate: number | undefined
): PeerSnapshot | undefined {
  if (candidates.length <= 1) return candidates[0]
  const unmeasured = candidates.filter(peer => peer.rate === undefined)
  if (unmeasured.length > 0 && random.float() < EXPLORATION) return pickRandom(unmeasured, random)
  return chooseNearBest(candidates, bytes, random, swarmRate)
}

/** As `choosePeer`, without exploring: for chunks that a player waits for. */
export function chooseNearBest(
  candidates: readonly PeerSnapshot[],
  bytes: number,
  random: Random,
  swarmRate: number | undefined
): PeerSnapshot | undefined {
  const finishes = candidates.map(peer => expectedFinish(peer, bytes, swarmRate))
  const limit = Math.min(...finishes) * NEAR_BEST
  const near = candidates.filter((_, position) => (finishes[position] ?? Number.POSITIVE_INFINITY) <= limit)
  return pickRandom(near, random)
}
