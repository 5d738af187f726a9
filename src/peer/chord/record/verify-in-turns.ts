import { setImmediate } from 'node:timers/promises'
import type { VerifySignature } from './provider-record.ts'

/** Milliseconds of checking after which others have their turn. */
const TURN = 8

/**
 * Checks signatures as `verify` does, which computes without a pause, but gives the event loop a turn in between: a page of
 * records, or thousands of them, must not hold up streams and timers.
 */
export function verifyInTurns(verify: VerifySignature): VerifySignature {
  let turnBegan = Number.NEGATIVE_INFINITY
  return async (...signed) => {
    if (performance.now() - turnBegan > TURN) {
      await setImmediate()
      turnBegan = performance.now()
    }
    return await verify(...signed)
  }
}
