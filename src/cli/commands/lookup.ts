import { followLookup } from '../../peer/follow-lookup.ts'
import type { Session } from '../session.ts'

/** Shows this peer's ring, each hop as it happens, and who holds what. */
export async function runLookup({ api, report, signal }: Session, idOrLink: string): Promise<void> {
  const { ring } = await api.status()
  if (ring) report.ring(ring)
  report.lookup(await followLookup(api, idOrLink, report.hop, signal))
}
