import type { SimulatedPeer } from './simulated-peer.ts'
import { mean, median, quantile, significant } from './statistics.ts'
import type { SwarmOptions } from './swarm-run.ts'

/** How a swarm did. Times are simulated seconds unless they are called real. */
export interface SwarmResult {
  scenario: string
  peers: number
  seed: number
  chunks: number
  /** Peers that stayed and got everything; that stayed and did not; that left. */
  completed: number
  failed: number
  left: number
  /** Chunks that nobody has any more who is still there. */
  lostChunks: number
  /** Chunks that a peer lacks at the end though somebody has them, over all peers. */
  starvedChunks: number
  /** From a peer's coming until it had everything. */
  last: number
  median: number
  p95: number
  /** The least possible for the last one, and how many times that it took. */
  ideal: number
  ratio: number
  /** Payload that came besides each chunk once, without what liars sent, as a share of the latter. */
  duplicateShare: number
  /** What liars sent, likewise. */
  forgedShare: number
  /** Payload that the owner sent, in copies of the video. */
  ownerCopies: number
  /** Mean of what each peer sent besides chunks. */
  controlMessages: number
  controlBytes: number
  payloadBytes: number
  /** Connections that each peer dialled. */
  dials: number
  /** Of poisoners: pairs of victim and liar in which a forged chunk came whole; of these, banned; most chunks in one pair. */
  poisonings: number
  poisoningsBanned: number
  mostForgeries: number
  realSeconds: number
  megabytes: number
}

export interface SwarmOutcome extends Pick<SwarmOptions, 'scenario' | 'seed'> {
  owner: SimulatedPeer
  peers: readonly SimulatedPeer[]
  poisoners: readonly SimulatedPeer[]
  chunks: number
  bytes: number
  ideal: number
  seconds: number
}

export function summarise(outcome: SwarmOutcome): SwarmResult {
  const { scenario, seed, owner, peers, poisoners, chunks, bytes, ideal } = outcome
  const stayed = peers.filter(peer => !peer.hasLeft)
  const times = stayed.flatMap(peer => timeOf(peer) ?? [])
  const failed = stayed.length - times.length
  // A swarm that did not end has no last one.
  const last = failed > 0 ? Number.POSITIVE_INFINITY : Math.max(...times)
  const needed = bytes * stayed.length
  const total = (of: (peer: SimulatedPeer) => number): number =>
    stayed.reduce((sum, peer) => sum + of(peer), 0)
  const each = (of: (peer: SimulatedPeer) => number): number => significant(mean(peers.map(of)))
  const forged = total(peer => peer.forgedBytes)
  return {
    scenario,
    peers: peers.length,
    seed,
    chunks,
    completed: times.length,
    failed,
    left: peers.length - stayed.length,
    lostChunks: lostChunks(outcome),
    starvedChunks: starvedChunks(outcome),
    last: significant(last),
    median: significant(median(times)),
    p95: significant(quantile(times, 0.95)),
    ideal: significant(ideal),
    ratio: significant(last / ideal),
    duplicateShare: significant(Math.max(0, total(peer => peer.receivedBytes) - forged - needed) / needed),
    forgedShare: significant(forged / needed),
    ownerCopies: significant(owner.node.host.traffic.payloadBytes / bytes),
    controlMessages: each(({ node }) => node.host.traffic.controlMessages),
    controlBytes: each(({ node }) => node.host.traffic.controlBytes),
    payloadBytes: each(({ node }) => node.host.traffic.payloadBytes),
    dials: each(({ node }) => node.pool.counters.opened),
    ...poisonings(peers, poisoners),
    realSeconds: significant(outcome.seconds, 3),
    megabytes: Math.round(process.memoryUsage.rss() / 2 ** 20)
  }
}

function timeOf({ startedAt, completedAt }: SimulatedPeer): number | undefined {
  if (startedAt === undefined || completedAt === undefined) return undefined
  return (completedAt - startedAt) / 1000
}

function isHeld(index: number, { owner, peers }: SwarmOutcome): boolean {
  return [owner, ...peers].some(peer => !peer.hasLeft && peer.have.has(index))
}

function lostChunks(outcome: SwarmOutcome): number {
  const indices = Array.from({ length: outcome.chunks }, (_, index) => index)
  return indices.filter(index => !isHeld(index, outcome)).length
}

function starvedChunks(outcome: SwarmOutcome): number {
  const stayed = outcome.peers.filter(peer => !peer.hasLeft)
  const missing = stayed.flatMap(peer => [...peer.have.missing()])
  return missing.filter(index => isHeld(index, outcome)).length
}

function poisonings(
  peers: readonly SimulatedPeer[],
  poisoners: readonly SimulatedPeer[]
): Pick<SwarmResult, 'poisonings' | 'poisoningsBanned' | 'mostForgeries'> {
  const byNumber = new Map(poisoners.map(liar => [liar.liar, liar.peerId]))
  const pairs = peers.flatMap(peer =>
    [...peer.forgeries].map(([liar, count]) => ({
      count,
      isBanned: peer.node.bans.isBanned(byNumber.get(liar) ?? '')
    }))
  )
  return {
    poisonings: pairs.length,
    poisoningsBanned: pairs.filter(({ isBanned }) => isBanned).length,
    mostForgeries: Math.max(0, ...pairs.map(({ count }) => count))
  }
}
