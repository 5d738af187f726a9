import type { Caller, Handler, Reply } from '../protocol.ts'

/** Tries to reach the caller at one of its addresses with a new connection. */
export type DialBack = (
  caller: Caller,
  addresses: readonly string[],
  signal: AbortSignal
) => Promise<Reply<'dialBack'>>

/** At most this many dial-backs at a time, so that nobody makes this peer dial on its behalf without bound. */
const MAX_CONCURRENT = 8

/** Whether the caller can be reached from outside. */
export function dialBackHandler(dialBack: DialBack): Handler<'dialBack'> {
  let running = 0
  return async (caller, { addresses }, signal) => {
    if (running >= MAX_CONCURRENT) return { reached: false, reason: 'the peer that was asked is busy' }
    running++
    try {
      return await dialBack(caller, addresses, signal)
    } finally {
      running--
    }
  }
}
