import { PeerError } from '../errors.ts'

/** Pass it on; keep it to oneself; blame whoever passed it on. Only what every honest peer refuses is to blame for. */
export type Verdict = 'accept' | 'ignore' | 'reject'

export interface Judgement<Said> {
  verdict: Verdict
  /** There where the verdict is `accept`. */
  said?: Said
  /** Why not. */
  reason?: string
}

/**
 * Reads a message, then looks for an objection that its author alone is to blame for.
 * @param read throws a `PeerError` for what no honest peer passes on; UPGRADE_NEEDED for what only a later version can read
 */
export function judge<Said>(
  read: () => Said,
  objectionTo: (said: Said) => string | undefined
): Judgement<Said> {
  let said: Said
  try {
    said = read()
  } catch (error) {
    if (!(error instanceof PeerError)) throw error
    return { verdict: error.code === 'UPGRADE_NEEDED' ? 'ignore' : 'reject', reason: error.code }
  }
  const reason = objectionTo(said)
  return reason === undefined ? { verdict: 'accept', said } : { verdict: 'ignore', reason }
}
