import { SeededRandom } from './seeded-random.ts'
import type { NetworkFaults } from './simulated-network.ts'

/** What goes wrong in a run, besides peers that come and go. */
export interface FaultMix {
  faults: NetworkFaults
  /** Each wall clock is off by up to so many milliseconds, either way. */
  clockSkew: number
  /** Whether the network falls into two halves for a while. */
  isPartitioned: boolean
}

const HOUR = 3_600_000

/** The faults of a seed. */
export function faultMixOf(seed: number): FaultMix {
  const random = new SeededRandom(seed ^ 0x5eed)
  const oneIn = (count: number): boolean => random.below(count) === 0
  return {
    faults: {
      delay: oneIn(4) ? [10, 400] : [5, 60],
      drop: oneIn(3) ? 0.01 : 0,
      duplicate: oneIn(3) ? 0.02 : 0,
      throughCodec: oneIn(16)
    },
    clockSkew: oneIn(4) ? 0 : HOUR,
    isPartitioned: oneIn(5)
  }
}

/** One line for people. */
export function describeMix({ faults, clockSkew, isPartitioned }: FaultMix): string {
  const parts = [
    `${faults.delay[0]}–${faults.delay[1]} ms`,
    faults.drop > 0 && `${faults.drop * 100} % lost`,
    faults.duplicate > 0 && `${faults.duplicate * 100} % twice`,
    clockSkew > 0 && `clocks ±${clockSkew / HOUR} h`,
    isPartitioned && 'partition',
    faults.throughCodec && 'encoded'
  ]
  return parts.filter(Boolean).join(', ')
}
