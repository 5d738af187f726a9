import type { SeededRandom } from '../chord/seeded-random.ts'
import type { Line } from './simulated-network.ts'

/** What is special about a swarm. All that is left to chance comes from the seed. */
export interface Scenario {
  /** For people. */
  readonly about: string
  readonly owner: Line
  /** The line of a peer that fetches. */
  line(random: SeededRandom): Line
  /** Others that have the whole video from the start. */
  readonly holders?: readonly Line[]
  /** Share of the peers that offer everything and send forged chunks. */
  readonly poisoners?: number
  /** Share of the peers that leave at some time before the swarm is done: half of them without a word. */
  readonly leaving?: number
  /** The owner leaves once the peers have got this share of what they want. */
  readonly ownerLeavesAt?: number
  /** The first of `holders` slows down to this many bytes per second after so many milliseconds. */
  readonly slowdown?: { after: number; rate: number }
}

function line(upMbit: number, downMbit: number, random?: SeededRandom): Line {
  return { up: mbit(upMbit), down: mbit(downMbit), latency: random ? 2 + random.float() * 28 : 10 }
}

function mbit(value: number): number {
  return (value * 1e6) / 8
}

export const SCENARIOS = {
  'flash-crowd': {
    about: 'everybody comes within a second; 20 Mbit/s up, 100 down; the owner 50 up',
    owner: line(50, 100),
    line: random => line(20, 100, random)
  },
  heterogeneous: {
    about: 'uplinks of 1, 4, 16 and 64 Mbit/s, a quarter of the peers each; the owner 16',
    owner: line(16, 100),
    line: random => line(random.pick([1, 4, 16, 64]), 100, random)
  },
  'capped-owner': {
    about: 'the owner sends 20 MiB/s at most; all lines are of one LAN of 1 Gbit/s',
    owner: { up: 20 * 2 ** 20, down: mbit(1000), latency: 0.25 },
    line: () => ({ up: mbit(1000), down: mbit(1000), latency: 0.25 })
  },
  'slow-seeder': {
    about: 'the owner sends 4 Mbit/s, everybody else 20',
    owner: line(4, 100),
    line: random => line(20, 100, random)
  },
  'leaving-holders': {
    about: 'a fifth of the peers leave, half of them without a word; the owner when 60 % has been sent',
    owner: line(50, 100),
    line: random => line(20, 100, random),
    leaving: 0.2,
    ownerLeavesAt: 0.6
  },
  'leaving-owner': {
    about:
      'the owner leaves when 60 % has been sent, and nobody else; 20 Mbit/s up, 100 down; the owner 50 up',
    owner: line(50, 100),
    line: random => line(20, 100, random),
    ownerLeavesAt: 0.6
  },
  poisoners: {
    about: 'a tenth of the peers offer everything and send forged chunks',
    owner: line(50, 100),
    line: random => line(20, 100, random),
    poisoners: 0.1
  },
  'overloaded-favourite': {
    about: 'the fastest of six holders slows down from 200 to 5 Mbit/s; the peers themselves send 2',
    owner: line(20, 100),
    line: random => line(2, 100, random),
    holders: [line(200, 200), line(20, 100), line(20, 100), line(20, 100), line(20, 100)],
    slowdown: { after: 5_000, rate: mbit(5) }
  }
} as const satisfies Record<string, Scenario>

export type ScenarioName = keyof typeof SCENARIOS

export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[]
