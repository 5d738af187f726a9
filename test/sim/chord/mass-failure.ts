import type { ChordNode } from '../../../src/peer/chord/chord-node.ts'
import type { Contact } from '../../../src/peer/chord/contact.ts'
import { positionFromBytes, type RingPosition } from '../../../src/peer/chord/ring-position.ts'
import { buildRing } from './ring-builder.ts'
import { type SimulatedPeer, Simulation } from './simulation.ts'

export interface MassFailureOptions {
  nodes: number
  /** Length of the successor lists; default: as the product chooses. */
  successors?: number
  /** Share of the nodes that die at once. */
  fail: number
  lookups: number
  seed: number
  onProgress?: (text: string) => void
}

/** What look-ups find right after many nodes died at once, with nobody repairing anything. */
export interface MassFailureResult {
  nodes: number
  successors: number
  fail: number
  lookups: number
  /** Look-ups whose answer was not exactly the living owner. */
  failed: number
  /** Hops without the final one, to the owner. */
  meanHops: number
  /** The same for the median and the 99th percentile. */
  medianHops: number
  p99Hops: number
  meanHopsWithLast: number
  /** Questions to dead nodes, those asked at the same time as living ones included. */
  timeoutsPerLookup: number
  /** Simulated seconds from the first join to the failure. */
  ringSeconds: number
  seconds: number
  megabytes: number
}

/** What a node knew when the others died, so that each look-up begins with just that. */
interface Knowledge {
  successors: readonly Contact[]
  isWhole: boolean
  predecessor: Contact | undefined
  fingers: readonly { contact: Contact; roundTrip: number | undefined }[]
}

/** Kills a share of a settled ring at once, silently, stops all repair, and looks random keys up from random survivors. */
export async function runMassFailure(options: MassFailureOptions): Promise<MassFailureResult> {
  const started = performance.now()
  const { seed, successors, nodes, fail, lookups, onProgress } = options
  const simulation = new Simulation({ seed, node: successors === undefined ? {} : { successors } })
  await buildRing(simulation, nodes, members => onProgress?.(`${members} of ${nodes} have joined`))
  const ringSeconds = simulation.clock.monotonic() / 1000
  const listLength = longestList(simulation)
  simulation.clock.forgetTimers()
  killShare(simulation, fail)
  const found = await lookUpAll(simulation, lookups, onProgress)
  const hops = found.hops.sort((a, b) => a - b)
  const meanHops = hops.reduce((sum, one) => sum + one, 0) / Math.max(1, hops.length)
  return {
    nodes,
    successors: listLength,
    fail,
    lookups,
    failed: lookups - hops.length,
    meanHops: rounded(meanHops),
    medianHops: percentile(hops, 0.5),
    p99Hops: percentile(hops, 0.99),
    meanHopsWithLast: rounded(meanHops + 1),
    timeoutsPerLookup: rounded(found.timeouts / Math.max(1, lookups)),
    ringSeconds: Math.round(ringSeconds),
    seconds: rounded((performance.now() - started) / 1000),
    megabytes: Math.round(process.memoryUsage.rss() / 2 ** 20)
  }
}

function longestList(simulation: Simulation): number {
  return Math.max(...simulation.members.map(({ node }) => node.ring.successors.entries.length))
}

function killShare(simulation: Simulation, share: number): void {
  for (let left = Math.round(simulation.members.length * share); left > 0; left--) {
    simulation.cutPower(simulation.random.pick(simulation.peers))
  }
}

async function lookUpAll(
  simulation: Simulation,
  lookups: number,
  onProgress?: (text: string) => void
): Promise<{ hops: number[]; timeouts: number }> {
  const { random, members, network } = simulation
  const hops: number[] = []
  let timeouts = 0
  network.observe({
    onRequest: call => {
      if (!simulation.find(call.to)) timeouts++
    }
  })
  for (let done = 0; done < lookups; done++) {
    const key = positionFromBytes(random.bytes(32))
    const taken = await lookUpAfresh(simulation, random.pick(members), key)
    if (taken !== undefined) hops.push(taken)
    if (done % 1000 === 999) onProgress?.(`${done + 1} of ${lookups} look-ups`)
  }
  return { hops, timeouts }
}

/** Hops without the final one; undefined when the answer was not the living owner. */
async function lookUpAfresh(
  simulation: Simulation,
  asker: SimulatedPeer,
  key: RingPosition
): Promise<number | undefined> {
  const node = simulation.twinOf(asker)
  teach(node, knowledgeOf(asker))
  const looking = node.owners(key, { signal: new AbortController().signal })
  const owner = simulation.trueOwners(key, 1)[0]
  try {
    const { members, hops } = await simulation.clock.until(looking)
    return members[0]?.peerId === owner?.peerId ? Math.max(0, hops - 1) : undefined
  } catch {
    // A look-up that gives up is a failed one.
    return undefined
  }
}

function knowledgeOf({ node }: SimulatedPeer): Knowledge {
  const { successors, predecessor, fingers } = node.ring
  return {
    successors: successors.entries,
    isWhole: successors.isWhole,
    predecessor,
    fingers: fingers.all().map(contact => ({ contact, roundTrip: node.network.roundTrip(contact.peerId) }))
  }
}

function teach({ ring }: ChordNode, { successors, isWhole, predecessor, fingers }: Knowledge): void {
  ring.isMember = true
  ring.successors.resize(Math.max(ring.successors.capacity, successors.length))
  const [head, ...tail] = successors
  if (head) ring.adopt(head, tail, isWhole)
  ring.setPredecessor(predecessor)
  for (const { contact, roundTrip } of fingers) ring.fingers.learn(contact, roundTrip)
}

/** Of numbers in order. */
export function percentile(ordered: readonly number[], share: number): number {
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] ?? 0
}

export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
