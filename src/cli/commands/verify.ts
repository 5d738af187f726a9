import { resolve } from 'node:path'
import { PeerError } from '../../peer/errors.ts'
import type { Session } from '../session.ts'

/**
 * Re-reads a file against what an ID says.
 * @throws PeerError VERIFY_MISMATCH when the file differs
 */
export async function runVerify(
  { api, report, signal }: Session,
  file: string,
  idOrLink: string
): Promise<void> {
  const result = await api.verify(resolve(file), idOrLink, signal)
  report.verified(result)
  if (!result.matches)
    throw new PeerError('VERIFY_MISMATCH', 'The file differs from the video. Fetch it again.')
}
