import { sealedLength } from '../content/chunk-cipher.ts'
import type { Geometry } from '../content/geometry.ts'
import { pickRandom, type Random } from '../random.ts'
import { DEFAULT_STRATEGY, type PickStrategy } from '../strategy.ts'
import type { ChunkSet } from './chunk-holder.ts'
import {
  canGive,
  chooseNearBest,
  choosePeer,
  expectedFinish,
  hasRoom,
  meanRate,
  type PeerSnapshot
} from './peer-choice.ts'
import { nextMissing } from './rarest.ts'

/** Milliseconds before its deadline from which a chunk is urgent; later ones are ordered by rarity as well. */
const URGENT_WINDOW = 10_000

/** By how much an additional holder of a chunk that is not urgent yet postpones it, in milliseconds. */
const RARITY_WEIGHT = 1000

/** Chunks at either end that are fetched early: containers keep their index there. */
const EDGE_CHUNKS = 2

/** With a player attached, what is on its way is at most this many milliseconds' worth, so that a seek waits little. */
const PLAYING_WINDOW = 150

/** So many round trips' worth are on their way besides: they keep a long line busy, and wait nowhere. */
const PLAYING_ROUND_TRIPS = 2

/** A measured round trip holds the queues of the way, which must not grow because they are long. Milliseconds. */
const MAX_ROUND_TRIP = 300

/** With a player attached, so many chunks may be on their way whatever the rate, and one from each holder. */
const PLAYING_CHUNKS = 2

/** Holders that may be asked for one chunk at once. */
const MAX_COPIES = 2

/** A second holder is asked for a chunk when it is expected to finish in less than this share of the first one's time. */
const DUPLICATE_GAIN = 0.7

/** A chunk is overdue after so many milliseconds and so many times what is still expected of its holder. */
const OVERDUE_FLOOR = 2000
const OVERDUE_FACTOR = 4

/**
 * Share of the video that may come in vain because of endgame, as far as holders that fell silent are not to blame. A video with few
 * chunks is in endgame from the start: without a bound it would come twice.
 */
const MAX_VAIN_SHARE = 0.02

/** A request that is on its way, or whose chunk is being verified and written. */
export interface RequestSnapshot {
  readonly index: number
  readonly peerId: string
  /** Bytes asked for, and those that came. */
  readonly length: number
  readonly received: number
  /** Milliseconds of the monotonic clock. */
  readonly requestedAt: number
}

/** A chunk that a player will need. */
export interface WantedChunk {
  readonly index: number
  /** When, in milliseconds of the monotonic clock; in the past when the player waits already. */
  readonly deadline: number
}

/** All that a decision depends on. Times are milliseconds of the monotonic clock. */
export interface SwarmSnapshot {
  readonly geometry: Geometry
  /** Chunks that are verified and stored. */
  readonly have: ChunkSet
  /** Number of connected holders of each chunk. */
  readonly availability: ArrayLike<number>
  readonly peers: readonly PeerSnapshot[]
  readonly requests: readonly RequestSnapshot[]
  /** Missing chunks that players will need, nearest deadline first. */
  readonly wanted: readonly WantedChunk[]
  /** Missing chunks of the container's index, without which nothing can be played. */
  readonly index?: readonly number[]
  /** Whether a player is attached. */
  readonly playing: boolean
  /** Bytes per second over all holders. */
  readonly downloadRate: number
  /** Bytes of chunks that came in vain so far. */
  readonly vainBytes: number
  /** Bytes that this download may still have on their way, over the bound that all downloads share. */
  readonly freeBytes: number
  /** Bytes that may be asked for or on their way beyond what players need. */
  readonly spareBytes: number
}

/** Why a chunk is asked for now. */
export type Urgency = 'playhead' | 'edge' | 'rarest' | 'endgame'

/** A decision: ask this holder for this chunk. */
export interface ChunkRequest {
  readonly index: number
  readonly peerId: string
  readonly urgency: Urgency
  /** A holder that has sent nothing of the chunk and is not needed for it any more. */
  readonly insteadOf?: string
}

/** A decision: take this request back. */
export interface ChunkCancellation {
  readonly index: number
  readonly peerId: string
}

/**
 * Decides what to ask for next. Classes in order: what a player needs, by deadline; the first chunk, those of the
 * container's index, then the others of the first and last two;
 * rarest first with random tie-break; endgame, a second holder for chunks whose first one is slow (libtorrent, Legout et al.
 * IMC 2006). No I/O, no clock.
 */
export function pickRequests(
  state: SwarmSnapshot,
  now: number,
  random: Random,
  strategy: PickStrategy = DEFAULT_STRATEGY
): ChunkRequest[] {
  const plan = new Plan(state, now, random, strategy)
  plan.pickWanted()
  // What has room for something else would be taken back again for the chunk that a player waits for.
  if (state.playing && nextWanted(state, now, plan.asked)) return plan.picked
  plan.pickEdges()
  plan.pickRarest()
  plan.pickEndgame()
  return plan.picked
}

/**
 * Requests to take back because a player needs another chunk soon: those that no player needs and of which less than half has
 * come. All of them when it waits for that chunk already, which they would delay; else, least first, what is more than may be on
 * its way.
 */
export function pickCancellations(state: SwarmSnapshot, now: number): ChunkCancellation[] {
  const next = nextWanted(state, now, new Set(state.requests.map(request => request.index)))
  if (!state.playing || !next || next.deadline - now >= URGENT_WINDOW) return []
  const wanted = new Set(state.wanted.map(({ index }) => index))
  const isWaitedFor = next.deadline < now
  let excess = isWaitedFor
    ? Number.POSITIVE_INFINITY
    : bytesInFlight(state) + sealedLength(state.geometry, next.index) - inFlightLimit(state)
  const cancelled: ChunkCancellation[] = []
  for (const request of [...state.requests].sort((a, b) => a.received - b.received)) {
    if (excess <= 0) break
    if (wanted.has(request.index) || request.received * 2 >= request.length) continue
    excess -= request.length
    cancelled.push({ index: request.index, peerId: request.peerId })
  }
  return cancelled
}

/** Bytes that may be on their way over all holders. */
export function inFlightLimit(state: SwarmSnapshot): number {
  const total = state.freeBytes + bytesInFlight(state)
  if (!state.playing) return total
  const holders = state.peers.filter(peer => !peer.snubbed)
  const roundTrip = mean(holders.map(peer => Math.min(MAX_ROUND_TRIP, peer.roundTripMilliseconds)))
  const window = (state.downloadRate * (PLAYING_WINDOW + PLAYING_ROUND_TRIPS * roundTrip)) / 1000
  const chunks = Math.max(PLAYING_CHUNKS, holders.length)
  return Math.min(total, Math.max(chunks * sealedLength(state.geometry, 0), window))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

/** The most urgent chunk that nobody was asked for and somebody could be. */
function nextWanted(state: SwarmSnapshot, now: number, asked: ChunkSet): WantedChunk | undefined {
  const isObtainable = (index: number): boolean =>
    state.peers.some(peer => canGive(peer, index, true) && peer.busyUntil <= now)
  return state.wanted.find(({ index }) => !asked.has(index) && isObtainable(index))
}

function bytesInFlight(state: SwarmSnapshot): number {
  return state.requests.reduce((sum, request) => sum + request.length, 0)
}

/** The state while requests are being added to it. */
class Plan {
  readonly picked: ChunkRequest[] = []
  readonly #state: SwarmSnapshot
  readonly #now: number
  readonly #random: Random
  readonly #strategy: PickStrategy
  readonly #peers: Map<string, PeerSnapshot>
  readonly #askedOf = new Map<number, string[]>()
  readonly #swarmRate: number | undefined
  #room: number
  #spare: number

  constructor(state: SwarmSnapshot, now: number, random: Random, strategy: PickStrategy) {
    this.#state = state
    this.#strategy = strategy
    this.#now = now
    this.#random = random
    const isWeighted = strategy.selection === 'scored'
    const peers = isWeighted ? state.peers : state.peers.map(peer => ({ ...peer, penalty: 1 }))
    this.#peers = new Map(peers.map(peer => [peer.peerId, peer]))
    this.#swarmRate = meanRate(peers)
    this.#room = inFlightLimit(state) - bytesInFlight(state)
    this.#spare = state.spareBytes - bytesInFlight(state)
    for (const { index, peerId } of state.requests) this.#noteRequest(index, peerId)
  }

  /** Chunks that somebody was asked for. */
  get asked(): ChunkSet {
    return this.#askedOf
  }

  pickWanted(): void {
    for (const { index } of this.#wantedInOrder()) {
      if (this.#askedOf.has(index)) this.#duplicateIfSlow(index, 'playhead', 1)
      else this.#ask(index, 'playhead', 1)
    }
  }

  pickEdges(): void {
    const { count } = this.#state.geometry
    const edges = Array.from({ length: EDGE_CHUNKS }, (_, step) => [step, count - 1 - step]).flat()
    const [first = 0, ...others] = edges
    for (const index of [first, ...(this.#state.index ?? []), ...others]) {
      if (index >= 0 && index < count && this.#isUnrequested(index)) this.#ask(index, 'edge')
    }
  }

  pickRarest(): void {
    while (this.#room > 0) {
      const candidates = this.#peersWithRoom(this.#state.geometry.chunkSize)
      if (candidates.length === 0) return
      const index = nextMissing(this.#state, this.#askedOf, candidates, this.#random, this.#strategy.order)
      if (index === undefined || !this.#ask(index, 'rarest')) return
    }
  }

  pickEndgame(): void {
    if (this.#state.playing || this.#unrequestedExists()) return
    const busy = new Set<string>()
    for (const { index, peerId, received } of this.#state.requests) {
      // A holder sends in the order in which it was asked: of a later chunk nothing is on its way.
      const isWaiting = received === 0 && busy.has(peerId)
      busy.add(peerId)
      const isSnubbed = this.#peers.get(peerId)?.snubbed ?? false
      if (isWaiting && !isSnubbed) this.#duplicateIfSlow(index, 'endgame', 0, peerId)
      else if (isSnubbed || this.#mayDuplicate()) this.#duplicateIfSlow(index, 'endgame', 0)
    }
  }

  /** Whether what may come in vain already leaves room for one more chunk. */
  #mayDuplicate(): boolean {
    let vain = this.#state.vainBytes
    for (const [index, { length }] of this.#askedOf) {
      vain += (length - 1) * sealedLength(this.#state.geometry, index)
    }
    return vain <= this.#state.geometry.byteLength * MAX_VAIN_SHARE
  }

  /** Urgent chunks by deadline, the later ones by deadline and rarity. */
  #wantedInOrder(): WantedChunk[] {
    const rank = ({ index, deadline }: WantedChunk): number => {
      const isUrgent = deadline - this.#now < URGENT_WINDOW
      return isUrgent ? deadline : deadline + RARITY_WEIGHT * (this.#state.availability[index] ?? 0)
    }
    return this.#state.wanted
      .filter(({ index }) => !this.#state.have.has(index))
      .sort((a, b) => rank(a) - rank(b))
  }

  #ask(index: number, urgency: Urgency, extraDepth = 0): boolean {
    const length = sealedLength(this.#state.geometry, index)
    if (!this.#fits(length) || (urgency !== 'playhead' && this.#spare < length)) return false
    const candidates = this.#holdersWithRoom(index, length, urgency, extraDepth)
    const peer = this.#choose(candidates, length, urgency)
    if (!peer) return false
    this.#pick(index, peer, length, urgency)
    return true
  }

  #choose(candidates: readonly PeerSnapshot[], length: number, urgency: Urgency): PeerSnapshot | undefined {
    if (this.#strategy.selection === 'random') return pickRandom(candidates, this.#random)
    const choose = urgency === 'playhead' ? chooseNearBest : choosePeer
    return choose(candidates, length, this.#random, this.#swarmRate)
  }

  /** The chunk is asked of a second holder, too or instead, if that one is expected to be much faster than the first. */
  #duplicateIfSlow(index: number, urgency: Urgency, extraDepth: number, insteadOf?: string): void {
    const asked = this.#askedOf.get(index) ?? []
    const request = this.#state.requests.find(candidate => candidate.index === index)
    const first = request && this.#peers.get(request.peerId)
    if (!request || !first || asked.length >= MAX_COPIES || request.received === request.length) return
    if (!this.#fits(request.length)) return
    const candidates = this.#holdersWithRoom(index, request.length, urgency, extraDepth).filter(
      peer => !asked.includes(peer.peerId) && !peer.snubbed
    )
    const peer = chooseNearBest(candidates, request.length, this.#random, this.#swarmRate)
    if (!peer || !this.#isMuchFaster(peer, first, request)) return
    this.#pick(index, peer, request.length, urgency, insteadOf)
  }

  #isMuchFaster(peer: PeerSnapshot, first: PeerSnapshot, request: RequestSnapshot): boolean {
    if (first.snubbed) return true
    // A guess is no reason to have a chunk sent twice.
    if (peer.rate === undefined) return false
    const remaining = expectedFinish(
      { ...first, outstandingBytes: this.#bytesUntil(request) },
      0,
      this.#swarmRate
    )
    const overdueAt = request.requestedAt + OVERDUE_FLOOR + OVERDUE_FACTOR * remaining
    if (overdueAt < this.#now) return true
    return expectedFinish(peer, request.length, this.#swarmRate) < remaining * DUPLICATE_GAIN
  }

  /** What its holder sends up to the end of this chunk: a holder sends in the order in which it was asked. */
  #bytesUntil({ index, peerId }: RequestSnapshot): number {
    let bytes = 0
    for (const request of this.#state.requests) {
      if (request.peerId !== peerId) continue
      bytes += request.length - request.received
      if (request.index === index) break
    }
    return bytes
  }

  #pick(index: number, peer: PeerSnapshot, length: number, urgency: Urgency, insteadOf?: string): void {
    const request = { index, peerId: peer.peerId, urgency }
    this.picked.push(insteadOf === undefined ? request : { ...request, insteadOf })
    this.#noteRequest(index, peer.peerId)
    this.#room -= length
    this.#spare -= length
    this.#peers.set(peer.peerId, {
      ...peer,
      pickedBytes: peer.pickedBytes + length,
      outstandingBytes: peer.outstandingBytes + length,
      outstandingRequests: peer.outstandingRequests + 1
    })
  }

  #noteRequest(index: number, peerId: string): void {
    this.#askedOf.set(index, [...(this.#askedOf.get(index) ?? []), peerId])
  }

  /** A single request always fits, so that a small bound cannot stop the download. */
  #fits(length: number): boolean {
    return this.#room >= length || (this.#askedOf.size === 0 && this.#room > 0)
  }

  #peersWithRoom(bytes: number): PeerSnapshot[] {
    return [...this.#peers.values()].filter(peer => hasRoom(peer, bytes, this.#now))
  }

  /** Holders that can be asked; snubbed ones only when there is no other. */
  #holdersWithRoom(index: number, bytes: number, urgency: Urgency, extraDepth: number): PeerSnapshot[] {
    const isUrgent = urgency === 'playhead'
    const holders = [...this.#peers.values()].filter(
      peer => canGive(peer, index, isUrgent) && hasRoom(peer, bytes, this.#now, extraDepth)
    )
    const responsive = holders.filter(peer => !peer.snubbed)
    return responsive.length > 0 ? responsive : holders
  }

  #isUnrequested(index: number): boolean {
    return !this.#state.have.has(index) && !this.#askedOf.has(index)
  }

  #unrequestedExists(): boolean {
    for (let index = 0; index < this.#state.geometry.count; index++) {
      if (this.#isUnrequested(index) && (this.#state.availability[index] ?? 0) > 0) return true
    }
    return false
  }
}
