import type { Stabilizer } from '../../stabilizer.ts'
import type { Handler } from '../protocol.ts'

/** A neighbour's surroundings changed: look again instead of waiting for the next round. */
export function nudgeHandler(stabilizer: Stabilizer): Handler<'nudge'> {
  return () => {
    stabilizer.poke()
    return {}
  }
}
